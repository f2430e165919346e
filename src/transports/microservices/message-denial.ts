import { CORRELATION_HEADER, type Denial } from '../../access/denial.js';

/** @see https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const GRPC_STATUS: Readonly<Record<Denial['status'], number>> = {
  400: 3,
  401: 16,
  403: 7,
  429: 8,
  500: 13,
  503: 14,
};

/** What of gRPC's metadata is used here. */
interface GrpcMetadata {
  getMap(): object;
  set(name: string, value: string): void;
}

/** Of a refusal in gRPC, the headers that have our code, and what to do. */
const CODE_HEADER = 'fastauth-code';
const HINT_HEADER = 'fastauth-hint';

/** What a client is told of a refusal: as messages tell errors, or as gRPC does. */
export function messageDenial(
  { status, detail, code, hint }: Denial,
  context: unknown,
  correlationId: string,
): object {
  if (!isGrpc(context)) {
    const refusal = { status: 'error', message: detail, code, requestId: correlationId };
    return hint === undefined ? refusal : { ...refusal, hint };
  }
  const metadata = new (context.constructor as new () => GrpcMetadata)();
  metadata.set(CODE_HEADER, code);
  if (hint !== undefined) metadata.set(HINT_HEADER, hint);
  metadata.set(CORRELATION_HEADER.toLowerCase(), correlationId);
  return { code: GRPC_STATUS[status], message: detail, details: detail, metadata };
}

function isGrpc(context: unknown): context is GrpcMetadata {
  return typeof context === 'object' && context !== null && 'getMap' in context && 'set' in context;
}
