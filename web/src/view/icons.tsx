/** The icons, drawn in the colour of the text around them. */
import type { ComponentChildren } from 'preact';

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

/** An icon of one line. */
const line = (d: string) => () => (
  <Icon>
    <path d={d} />
  </Icon>
);

export const MicIcon = ({ off }: { off: boolean }) => (
  <Icon>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
    {off && <path class="slash" d="M4 4l16 16" />}
  </Icon>
);

export const CameraIcon = ({ off }: { off: boolean }) => (
  <Icon>
    <rect x="3" y="6.5" width="12" height="11" rx="2.5" />
    <path d="M15 10.8l5.4-3v8.4l-5.4-3" />
    {off && <path class="slash" d="M4 4l16 16" />}
  </Icon>
);

export const LeaveIcon = line(
  'M2 14.2C2 10.6 6.4 8 12 8s10 2.6 10 6.2c0 1.6-1 2.3-2.3 2l-2.7-.6c-.9-.2-1.5-1-1.5-1.9v-1.5a13 13 0 0 0-7 0v1.5c0 .9-.6 1.7-1.5 1.9l-2.7.6c-1.3.3-2.3-.4-2.3-2z',
);
export const LinkIcon = line(
  'M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1',
);
export const ScreenIcon = line('M3 5h18v11H3zM8 20h8M12 16v4M12 13V8.5M9.5 10.5L12 8l2.5 2.5');
export const ChatIcon = line('M4 5h16v11h-9l-4.5 4v-4H4zM8 9.5h8M8 12.5h5');
export const HandIcon = line(
  'M8 12.5V6.2a1.3 1.3 0 0 1 2.6 0V11V4.6a1.3 1.3 0 0 1 2.6 0V11V5.8a1.3 1.3 0 0 1 2.6 0V12V8.6a1.3 1.3 0 0 1 2.6 0V14c0 4-2.4 7-6.2 7-3 0-4.4-1.3-5.9-3.9L4.2 13.600a1.3 1.3 0 0 1 2.2-1.400z',
);
export const PinIcon = line('M9 3.500h6l-.6 6 3.1 3.500H6.500l3.1-3.500zM12 13v7.5');
export const QrIcon = line(
  'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2M20 14v2.500M14 20h2.500M19 19.500h1v.5h-1z',
);
export const FullScreenIcon = line('M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5');
export const PipIcon = line('M3 5h18v14H3zM12.5 12.500h5.500v3.500h-5.500z');
export const DevicesIcon = line('M4 7h9M17 7h3M4 12h3M11 12h9M4 17h9M17 17h3M15 5v4M9 10v4M15 15v4');
export const KeyboardIcon = line('M3 6.500h18v11H3zM7 10h.01M10.4 10h.01M13.7 10h.01M17 10h.01M8 14h8');
export const PeopleIcon = line(
  'M9 11a3.5 3.5 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3 20v-1.500a6 6 0 0 1 12 0V20M15.500 4.300a3.500 3.500 0 0 1 0 6.400M17.500 14a6 6 0 0 1 3.500 4.500V20',
);
export const CloseIcon = line('M6 6l12 12M18 6L6 18');
export const MoveIcon = line(
  'M12 4v16M4 12h16M9.5 6.500L12 4l2.5 2.500M9.5 17.500L12 20l2.5-2.500M6.5 9.500L4 12l2.5 2.500M17.5 9.500L20 12l-2.5 2.5',
);

export const MoreIcon = () => (
  <Icon>
    {[5, 12, 19].map((x) => (
      <circle key={x} class="filled" cx={x} cy="12" r="1.4" />
    ))}
  </Icon>
);

export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="8" />
    <path d="M10 8v16M22 8v16M10 16h12" />
  </svg>
);
export const PhoneIcon = line(
  'M6.6 3.5l2.6.6c.6.1 1 .6 1.1 1.2l.4 2.7c.1.6-.2 1.1-.7 1.4l-1.6 1a12 12 0 0 0 5.2 5.2l1-1.6c.3-.5.8-.8 1.4-.7l2.7.4c.6.1 1.1.5 1.2 1.1l.6 2.6c.2.9-.4 1.8-1.4 1.8C10.600 19.700 4.300 13.400 4.800 4.900c.1-.9.9-1.600 1.800-1.400z',
);
