export {
  type ClientStoreContractOptions,
  clientSample,
  describeClientStoreContract,
} from './client-store.contract.js';
export type { ContractRunner } from './contract-runner.js';
export { describeTokenStoreContract, type TokenStoreContractOptions } from './token-store.contract.js';
export { type OpenStore, serveStore } from './serve-store.js';
export type { Stall } from './session.model.js';
export { describeSessionModel, type SessionModelOptions, type SharedStore } from './session-model.suite.js';
export type { SharedProcesses } from './token-store.processes.js';
export { StoreProcess, type StoreProcessOptions } from './store-process.js';
export {
  accessOnlySample,
  rotatedSample,
  sessionSample,
  type SessionSample,
  type SessionSampleOptions,
} from './session-sample.js';
export { HOSTILE_CLIENT_IDS } from './hostile-client-ids.js';
