import { jest } from '@jest/globals';
import { describeSessionModel } from 'nestjs-fastauth/store-contract';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { modelRuns, modelTimeout } from '../support/model-runs.js';

jest.setTimeout(modelTimeout(20_000));

const setUp = async () => {
  const store = new MemoryTokenStore();
  return { open: async () => store };
};

describeSessionModel('MemoryTokenStore', { setUp, ...modelRuns(50) });
describeSessionModel('MemoryTokenStore, strict', { setUp, refreshGrace: 0, ...modelRuns(50) });
