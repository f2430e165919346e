import { beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS, startApp } from '../support/app.js';
import { APPLICATION_LAYERS } from '../support/application-layers.js';
import { endpointTranscript, type Exchange } from '../support/endpoint-transcript.js';

const FASTAUTH = { issuer: 'https://auth.example.com', failedAttemptsPerAddress: 0 };

// Nothing that an application has for all of its routes caches, wraps or moves what the token endpoints answer.
describe.each(ADAPTERS)('the endpoints of fastauth on %s', (adapter) => {
  let promised: Exchange[];
  beforeAll(async () => {
    const app = await startApp({ adapter, fastauth: FASTAUTH });
    promised = await endpointTranscript(app);
    await app.close();
  });

  it.each(Object.entries(APPLICATION_LAYERS))('answer so under %s', async (_name, layerOf) => {
    const { prefix, ...layer } = layerOf(adapter);
    const app = await startApp({ adapter, fastauth: FASTAUTH, ...layer });
    try {
      // Where a prefix has a parameter, the metadata has no URLs to name.
      const isCompared = ([call]: Exchange) => !(prefix === '/acme' && call.endsWith('-server'));
      const transcript = await endpointTranscript(app, prefix);
      expect(transcript.filter(isCompared)).toEqual(promised.filter(isCompared));
    } finally {
      await app.close();
    }
  });
});
