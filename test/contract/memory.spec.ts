import { describeTokenStoreContract } from 'nestjs-fastauth/store-contract';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';

describeTokenStoreContract('MemoryTokenStore', {
  open: async () => {
    const store = new MemoryTokenStore();
    await store.open();
    return store;
  },
});
