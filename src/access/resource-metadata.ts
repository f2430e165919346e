/** @see RFC 9728 section 3.1 */
export const RESOURCE_METADATA = '/.well-known/oauth-protected-resource';

/**
 * Where the metadata of a protected resource is: its path, if it has one, comes behind.
 * @param resource as `resource-identifier` has it
 * @see RFC 9728 section 3.1
 */
export function resourceMetadataUrl(resource: string): string {
  const { length } = originOf(resource);
  const path = resource.slice(length);
  return resource.slice(0, length) + RESOURCE_METADATA + (path === '/' ? '' : path);
}

/** The path of {@link resourceMetadataUrl}. */
export function resourceMetadataPath(resource: string): string {
  return resourceMetadataUrl(resource).slice(originOf(resource).length);
}

function originOf(resource: string): string {
  const end = resource.indexOf('/', resource.indexOf('://') + 3);
  return end === -1 ? resource : resource.slice(0, end);
}
