/** What `fastauth doctor` found about one thing. No text holds a secret. */
export interface Finding {
  /** `bad` has to be mended; `note` is for people to judge. */
  readonly status: 'good' | 'note' | 'warning' | 'bad';
  /** What was looked at, in a word or two. */
  readonly subject: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
}

/** Findings about one subject. */
export class Findings {
  readonly all: Finding[] = [];

  constructor(private readonly subject: string) {}

  good(message: string): void {
    this.all.push({ status: 'good', subject: this.subject, message });
  }

  note(message: string, remedy?: string): void {
    this.all.push({ status: 'note', subject: this.subject, message, remedy });
  }

  warning(message: string, remedy?: string): void {
    this.all.push({ status: 'warning', subject: this.subject, message, remedy });
  }

  bad(message: string, remedy?: string): void {
    this.all.push({ status: 'bad', subject: this.subject, message, remedy });
  }
}
