export {
  describeTokenStoreContract,
  HOSTILE_CLIENT_IDS,
  type ContractRunner,
  type TokenStoreContractOptions,
} from './token-store.contract.js';
export {
  rotatedSample,
  sessionSample,
  type SessionSample,
  type SessionSampleOptions,
} from './session-sample.js';
