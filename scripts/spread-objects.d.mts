export function withSteadyShapes(code: string): string;
