import { describeWith } from '../support/services.js';
import { describeSqlContract } from '../support/sql-contract.js';
import { ownMariadb } from '../support/sql-databases.js';

(await describeWith('MariaDB'))('a token store', () => describeSqlContract('MariaDB', ownMariadb));
