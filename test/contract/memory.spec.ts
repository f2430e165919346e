import { describeClientStoreContract, describeTokenStoreContract } from 'nestjs-fastauth/store-contract';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';

const open = async (): Promise<MemoryTokenStore> => {
  const store = new MemoryTokenStore();
  await store.open();
  return store;
};

describeTokenStoreContract('MemoryTokenStore', { open });
describeClientStoreContract('MemoryTokenStore', { open });
