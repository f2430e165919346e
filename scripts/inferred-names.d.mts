/** The code without the calls that give a function the name which it has by its place. */
export declare function withoutInferredNames(code: string): string;
