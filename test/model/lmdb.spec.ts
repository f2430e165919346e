import { afterAll, jest } from '@jest/globals';
import { join } from 'node:path';
import { describeSessionModel } from 'nestjs-fastauth/store-contract';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { StoppedWriter } from '../support/stopped-writer.js';
import { modelRuns, modelTimeout } from '../support/model-runs.js';
import { describeIf } from '../support/services.js';
import { processOn } from '../support/store-processes.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import '../support/silent-logger.js';

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

// A stopped process is seen on Linux alone.
const describeOnLinux = describeIf(process.platform === 'linux', 'no Linux', false);

describeOnLinux('while another process is stopped in a write', () => {
  let folder: string;

  describeSessionModel('LmdbTokenStore', {
    ...modelRuns(4),
    commands: 15,
    stall: async () => {
      const holder = await StoppedWriter.start(folder);
      return async () => {
        holder.goOn();
        await holder.ended();
      };
    },
    setUp: async () => {
      folder = join(temporaryFolder(), 'store');
      return {
        open: async () => {
          const store = new LmdbTokenStore({ folder, timeout: 0.3 });
          await store.open();
          return store;
        },
      };
    },
  });
});

describeSessionModel('LmdbTokenStore, in processes that are killed', {
  ...modelRuns(2),
  nodes: 2,
  setUp: async () => ({ process: processOn(`lmdb:${join(temporaryFolder(), 'store')}`) }),
});
