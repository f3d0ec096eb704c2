/** Files in and out: pictures that a test can recognise, and what a recording holds. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The four quarters of the picture that cameras show here: red, green, blue, white. */
export const QUARTERS = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
] as const;

/** Writes a camera picture of four coloured quarters that never changes. */
export async function makeCamera(path: string): Promise<void> {
  const quarter = (color: string): string[] => ['-f', 'lavfi', '-i', `color=${color}:size=320x240:rate=20:duration=1`];
  await run('ffmpeg', [
    '-v', 'error', '-y',
    ...quarter('red'), ...quarter('lime'), ...quarter('blue'), ...quarter('white'),
    '-filter_complex', '[0][1]hstack[top];[2][3]hstack[bottom];[top][bottom]vstack',
    '-pix_fmt', 'yuv420p', path,
  ]); // prettier-ignore
}

/** What ffprobe says of a file's one stream, every frame decoded. */
export async function probe(path: string): Promise<{ codec: string; frames: number; seconds: number }> {
  const { stdout } = await run('ffprobe', [
    '-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,nb_read_frames:format=duration', '-of', 'json', path,
  ]); // prettier-ignore
  const { streams, format } = JSON.parse(stdout) as {
    streams: { codec_name: string; nb_read_frames: string }[];
    format: { duration: string };
  };
  const stream = streams[0];
  if (!stream) throw new Error(`${path}: no stream`);
  return { codec: stream.codec_name, frames: Number(stream.nb_read_frames), seconds: Number(format.duration) };
}

/** The mean colour of each quarter of the file's last decodable frame. */
export async function lastFrameQuarters(path: string): Promise<number[][]> {
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', path, '-vf', 'format=gbrp,scale=2:2:flags=area', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'],
    { encoding: 'buffer', maxBuffer: 64 << 20 },
  );
  const last = stdout.subarray(stdout.length - 12);
  return [0, 3, 6, 9].map((at) => [...last.subarray(at, at + 3)]);
}

/** The loudest sample of a sound file, in dB below full scale (0 is the loudest there is). */
export async function peak_db(path: string): Promise<number> {
  const { stderr } = await run('ffmpeg', ['-hide_banner', '-i', path, '-af', 'volumedetect', '-f', 'null', '-']);
  return Number(/max_volume: (-?[\d.]+) dB/.exec(stderr)?.[1] ?? Number.NEGATIVE_INFINITY);
}
