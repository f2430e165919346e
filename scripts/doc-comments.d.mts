export function withoutDocComments(code: string): string;
