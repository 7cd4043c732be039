import { Session } from 'node:inspector';

/** The usual way to see the stack of a thread that hangs: enable the debugger, pause, take the frames, let go, disconnect. */
export function pauseMainThread(): Promise<number> {
  const session = new Session();
  session.connectToMainThread();
  return new Promise((resolve) => {
    session.on('Debugger.paused', ({ params }) => {
      session.post('Debugger.resume', () => {
        session.disconnect();
        resolve(params.callFrames.length);
      });
    });
    session.post('Debugger.enable', { maxScriptsCacheSize: 0 });
    session.post('Debugger.pause');
  });
}
