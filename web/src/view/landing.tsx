/** The first page: start a room, or join one by its name or link. */
import { useSignal } from '@preact/signals';
import type { TargetedSubmitEvent } from 'preact';
import { proquints, roomName, ROOM_RANDOM_BYTES } from '../call/names.ts';
import { randomBytes } from '../effects/ambient.ts';
import type { App } from '../effects/app.ts';
import { Mark } from './icons.tsx';

export function Landing({ app }: { app: App }) {
  const text = useSignal('');
  const problem = useSignal<string | undefined>(undefined);
  const start = () => app.dispatch({ event: 'open-room', room: proquints(randomBytes(ROOM_RANDOM_BYTES)) });
  const join = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const room = roomName(text.value);
    if (room !== undefined) app.dispatch({ event: 'open-room', room });
    else problem.value = 'A room name is made of letters, digits and single hyphens, 64 at most.';
  };
  return (
    <main class="landing">
      <div class="card">
        <p class="brand">
          <Mark /> Holdfast
        </p>
        <h1>Video calls that hold.</h1>
        <p class="soft">
          Start a room and send its link to whoever you want to see. Picture and sound go straight between
          you.
        </p>
        <button type="button" class="button primary wide" data-testid="start-room" onClick={start}>
          Start a room
        </button>
        <p class="or">
          <span>or</span>
        </p>
        <form class="row" onSubmit={join}>
          <label class="field grow">
            <span>Room name or link</span>
            <input
              data-testid="room"
              value={text.value}
              autoComplete="off"
              autoCapitalize="none"
              spellcheck={false}
              aria-invalid={problem.value !== undefined}
              aria-describedby="room-problem"
              onInput={({ currentTarget }) => {
                text.value = currentTarget.value;
                problem.value = undefined;
              }}
            />
          </label>
          <button type="submit" class="button" disabled={text.value.trim() === ''}>
            Go
          </button>
        </form>
        <p id="room-problem" class="problem" role="alert">
          {problem.value}
        </p>
      </div>
    </main>
  );
}
