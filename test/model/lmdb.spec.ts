import { afterAll, jest } from '@jest/globals';
import { join } from 'node:path';
import { describeSessionModel } from 'nestjs-fastauth/testing';
import { LmdbTokenStore } from '../../src/stores/lmdb.store.js';
import { modelRuns, modelTimeout } from '../support/model-runs.js';
import { processOn } from '../support/store-processes.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(modelTimeout(120_000));
afterAll(removeTemporaryFolders);

describeSessionModel('LmdbTokenStore', {
  ...modelRuns(15),
  setUp: async () => {
    const folder = join(temporaryFolder(), 'store');
    return {
      open: async () => {
        const store = new LmdbTokenStore({ folder });
        await store.open();
        return store;
      },
    };
  },
});

describeSessionModel('LmdbTokenStore, in processes that are killed', {
  ...modelRuns(2),
  nodes: 2,
  setUp: async () => ({ process: processOn(`lmdb:${join(temporaryFolder(), 'store')}`) }),
});
