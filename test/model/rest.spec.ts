import { afterAll, beforeAll, jest } from '@jest/globals';
import { describeSessionModel } from 'nestjs-fastauth/store-contract';
import { RestTokenStore } from '../../src/stores/rest/rest.store.js';
import { modelRuns, modelTimeout } from '../support/model-runs.js';
import { PersistenceServer } from '../support/persistence-server.js';
import '../support/silent-logger.js';

jest.setTimeout(modelTimeout(120_000));
const server = new PersistenceServer();
let databases = 0;

beforeAll(() => server.start());
afterAll(() => server.stop());

// The API knows no compare-and-swap: what holds, holds within one process, over its restarts.
describeSessionModel('RestTokenStore', {
  // One node meets a spent token rarely: a seed that is known to meet one, unless another is asked for.
  seed: 1,
  ...modelRuns(60),
  nodes: 1,
  setUp: async () => {
    const url = `${server.url}/model${databases++}`;
    return {
      open: async () => {
        const store = new RestTokenStore({ url, headers: {}, timeout: 5 });
        await store.open();
        return store;
      },
    };
  },
});
