// node bench/report.js: REPORT.md and report.svg, from the raw figures in results/.
import { readResults, writeReport } from './lib/results.js';

writeReport(readResults());
