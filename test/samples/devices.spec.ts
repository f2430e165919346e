import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

describe('the sample of sessions per device', () => {
  let sample: SampleProcess;
  beforeAll(async () => {
    const folder = temporaryFolder();
    sample = await SampleProcess.start(copySample('07-devices', folder), folder, {
      CRYPTOGRAPHY_KEY: 'a cryptography key of this test, long enough',
    });
  });
  afterAll(async () => {
    await sample.stop();
    removeTemporaryFolders();
  });

  const call = async (method: string, path: string, token?: string, body?: object) => {
    const response = await fetch(sample.url + path, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { 'ACCESS-TOKEN': token }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    // oxlint-disable-next-line typescript/no-explicit-any -- answers of several shapes
    return { status: response.status, body: (text ? JSON.parse(text) : undefined) as any };
  };
  const login = async (device: string): Promise<string> => {
    const { body } = await call('POST', '/login', undefined, { user: 'ada', password: 'countess', device });
    return body.access_token as string;
  };

  it('lists, renames and logs out devices, of the user only', async () => {
    expect((await call('POST', '/login', undefined, { user: 'ada', password: 'wrong' })).status).toBe(401);
    const [phone, laptop, tablet] = [await login('phone'), await login('laptop'), await login('tablet')];
    const { body: devices } = await call('GET', '/devices', laptop);
    expect(devices).toMatchObject([
      { device: 'phone', isThisOne: false },
      { device: 'laptop', isThisOne: true },
      { device: 'tablet', isThisOne: false },
    ]);
    const renamed = await call('PATCH', `/devices/${devices[0].id}`, laptop, { device: 'old phone' });
    expect(renamed.body).toMatchObject({ device: 'old phone' });
    expect((await call('PATCH', '/devices/none', laptop, { device: 'x' })).status).toBe(404);
    expect((await call('DELETE', `/devices/${devices[0].id}`, laptop)).status).toBe(204);
    expect((await call('GET', '/devices', phone)).status).toBe(401);
    expect((await call('DELETE', '/devices', laptop)).body).toEqual({ ended: 1 });
    expect((await call('GET', '/devices', tablet)).status).toBe(401);
    expect((await call('GET', '/devices', laptop)).body).toHaveLength(1);
  });
});
