import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'rx-tinyproto';
import { listen, webSocket } from 'rx-tinyproto/websocket';
import { firstValueFrom } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import { bridge, pythonOptions } from '../../examples/bridge/flow.js';
import { pageServer$ } from '../../examples/bridge/serve-page.js';
import { hasChromium, startChromium } from '../helpers/chromium.js';
import { describePeer, fetched, peerFolder } from '../helpers/peers.js';

/** An echo server on the Python original. */
const program = `
import socket
import tinyproto
with socket.create_server(('127.0.0.1', 0)) as free:
    port = free.getsockname()[1]

class Answering(tinyproto.TinyProtoConnection):
    def transmission_received(self, message):
        self.transmit(b'Python says ' + message)

class Server(tinyproto.TinyProtoServer):
    def pre_loop(self):
        print(port, flush=True)

server = Server([tinyproto.TinyProtoConnectionDetails('127.0.0.1', port)])
server.set_conn_handler(Answering)
server.start()
`;

function python() {
  const env = { ...process.env, PYTHONPATH: peerFolder('tinyproto-3.0'), PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn('python3', ['-c', program], { env });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

const python3 = fetched('tinyproto-3.0');

describePeer('Chromium', hasChromium, () =>
  describePeer('the Python original 3.0', python3, () => {
    it('talk with each other over the bridge: a page, frames, a relay, sizes and OKs', async () => {
      const [port] = await once(python().stdout, 'data');
      const http = await firstValueFrom(pageServer$);
      const bridged = listen('/bridge', { transport: webSocket({ server: http }) })
        .pipe(bridge(connect(`127.0.0.1:${Number(port)}`, pythonOptions)))
        .subscribe();
      await once(http.listen(0, '127.0.0.1'), 'listening');
      onTestFinished(() => {
        bridged.unsubscribe();
        http.close();
        http.closeAllConnections();
      });
      const browser = await startChromium();
      onTestFinished(() => browser.close());

      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
      await page.getByText('connected').waitFor();
      await page.getByLabel('Line').fill('hello');
      await page.keyboard.press('Enter');
      await page.getByText('Python says hello').waitFor();
      // And in one go, as nobody who types waits for an answer.
      const burst = ['<b>bold</b> ü', ...Array.from({ length: 6 }, (_, at) => `line ${at}`)];
      await page.evaluate(`for (const line of ${JSON.stringify(burst)}) {
        document.querySelector('input').value = line;
        document.querySelector('form').requestSubmit();
      }`);
      await page.getByText('Python says line 5').waitFor();
      expect(await page.getByRole('listitem').allTextContents()).toEqual([
        'connected',
        ...['hello', ...burst].map((line) => `Python says ${line}`),
      ]);
    });
  }),
);
