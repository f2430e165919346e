// Jest runner of the timing specs: one worker, however many cores there are. Jest lets the runners take turns, so that no
// other spec runs meanwhile.
import TestRunner from 'jest-runner';

export default class OneAtATimeRunner extends TestRunner {
  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: 1 }, context);
  }
}
