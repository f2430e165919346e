/** A token would be longer than those that are accepted: it has too many claims, or too long ones. */
export class TokenTooLongError extends TypeError {
  constructor(length: number, limit: number) {
    super(
      `The token would have ${length} characters, and more than ${limit} are refused; give it fewer claims.`,
    );
  }
}
