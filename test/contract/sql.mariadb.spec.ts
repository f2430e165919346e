import { describeWith } from '../support/services.js';
import { describeSqlContract } from '../support/sql-contract.js';
import { ownMariadb } from '../support/sql-databases.js';
import '../support/silent-logger.js';

(await describeWith('MariaDB'))('a token store', () => describeSqlContract('MariaDB', ownMariadb));
