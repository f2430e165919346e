import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CLUSTER_MASTER_TOKEN,
  type ClusterAnswer,
  ClusterApp,
  type WorkerConnection,
} from '../support/cluster-app.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const WORKERS = 4;
const REFRESHES = 50;
const CLIENTS = 24;
const KILLS = 4;

describe(`${WORKERS} workers of a cluster on the embedded store`, () => {
  let app: ClusterApp;

  beforeAll(async () => {
    app = await ClusterApp.start(temporaryFolder());
    await until(() => app.connect().send('GET', '/worker'));
  }, 60_000);
  afterAll(async () => {
    await app.stop();
    removeTemporaryFolders();
  });

  const issue = async (clientId: string) => {
    const headers = { 'MASTER-TOKEN': CLUSTER_MASTER_TOKEN };
    const answer = await app.connect().send('POST', '/auth/token/new', headers, { client_id: clientId });
    expect(answer.status).toBe(200);
    return answer.body.data as { access_token: string; refresh_token: string };
  };
  const worker = (connection: WorkerConnection, accessToken: string): Promise<ClusterAnswer> =>
    connection.send('GET', '/worker', { 'ACCESS-TOKEN': accessToken });

  /** A kept connection to each of the workers, by process. */
  async function oneToEach(): Promise<Map<number, WorkerConnection>> {
    const { access_token: token } = await issue('scout');
    const found = new Map<number, WorkerConnection>();
    while (found.size < WORKERS) {
      const connection = app.connect();
      const { body } = await until(() => worker(connection, token));
      if (found.has(body.pid)) connection.close();
      else found.set(body.pid, connection);
    }
    return found;
  }

  it(`answer ${REFRESHES} refreshes of one token at once with one successor`, async () => {
    const workers = [...(await oneToEach()).values()];
    const pair = await issue('tabs');
    const connections = Array.from({ length: REFRESHES }, () => app.connect());
    const answers = await Promise.all(
      connections.map((connection) => connection.refresh(pair.refresh_token)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const successors = new Set(
      answers.map(({ body }) => `${body.data.access_token} ${body.data.refresh_token}`),
    );
    expect(successors.size).toBe(1);
    const [{ body: first }] = answers as [ClusterAnswer];
    const { access_token: successor } = first.data;
    // The connections were shared out among all of them.
    const served = await Promise.all(connections.map((connection) => worker(connection, successor)));
    expect(new Set(served.map(({ body }) => body.pid)).size).toBe(WORKERS);
    for (const connection of workers) {
      expect((await worker(connection, pair.access_token)).status).toBe(401);
      expect((await worker(connection, successor)).status).toBe(200);
    }
  });

  it('refuse a session with their next request once one of them has answered its revocation', async () => {
    const workers = [...(await oneToEach()).values()];
    for (const [n, revoking] of workers.entries()) {
      const { access_token: token } = await issue(`revoked-${n}`);
      // Each has it in memory.
      for (const connection of workers) expect((await worker(connection, token)).status).toBe(200);
      const revoked = await revoking.send('POST', '/auth/token/revoke', {}, { token });
      expect(revoked.status).toBe(200);
      const answers = await Promise.all(workers.map((connection) => worker(connection, token)));
      expect(answers.map(({ status }) => status)).toEqual(workers.map(() => 401));
    }
  });

  it(`lose nothing when one of them is killed amid refreshes, ${KILLS} times`, async () => {
    let pairs = await Promise.all(Array.from({ length: CLIENTS }, (_, n) => issue(`client-${n}`)));
    let cut = 0;
    let answered = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const [[victim, connection] = [0, app.connect()]] = await oneToEach();
      // All through the one that will die, in its hands at the same time.
      const kept = Array.from({ length: CLIENTS }, () => app.connect());
      const { access_token: scout } = await issue('scout');
      const owners = await Promise.all(kept.map((one) => worker(one, scout)));
      const inVictim = kept.filter((_, n) => owners[n]?.body.pid === victim);
      const via = [connection, ...inVictim];
      const refreshes = pairs.map(({ refresh_token }, n) =>
        (via[n % via.length] as WorkerConnection).refresh(refresh_token).catch(() => undefined),
      );
      await Promise.race(refreshes);
      process.kill(victim, 'SIGKILL');
      const answers = await Promise.all(refreshes);
      pairs = await Promise.all(
        pairs.map(async (old, n) => {
          const answer = answers[n];
          if (answer) answered++;
          else cut++;
          // Who heard nothing asks again, at another worker; who heard something hears the same once more.
          const again = await until(() => app.connect().refresh(old.refresh_token));
          expect(again.status).toBe(200);
          const { access_token, refresh_token } = again.body.data;
          if (answer) expect(answer.body.data).toMatchObject({ access_token, refresh_token });
          expect((await until(() => worker(app.connect(), access_token))).status).toBe(200);
          expect((await until(() => worker(app.connect(), old.access_token))).status).toBe(401);
          return again.body.data;
        }),
      );
      const after = await oneToEach();
      expect(after.has(victim)).toBe(false);
    }
    // Kills that all came too early or too late would have shown nothing.
    expect(answered).toBeGreaterThan(KILLS);
    expect(cut).toBeGreaterThan(KILLS);
  }, 60_000);
});

/** Asks until somebody listens and answers; whoever was killed does not. */
async function until(ask: () => Promise<ClusterAnswer>): Promise<ClusterAnswer> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await sleep(20);
    }
  }
}
