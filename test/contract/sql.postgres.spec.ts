import { describeWith } from '../support/services.js';
import { describeSqlContract } from '../support/sql-contract.js';
import { ownPostgres } from '../support/sql-databases.js';
import '../support/silent-logger.js';

(await describeWith('PostgreSQL'))('a token store', () => describeSqlContract('PostgreSQL', ownPostgres));
