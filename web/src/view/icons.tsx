/** The icons, drawn in the colour of the text around them. */
import type { ComponentChildren } from 'preact';

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

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

export const LeaveIcon = () => (
  <Icon>
    <path d="M2 14.2C2 10.6 6.4 8 12 8s10 2.6 10 6.2c0 1.6-1 2.3-2.3 2l-2.7-.6c-.9-.2-1.5-1-1.5-1.9v-1.5a13 13 0 0 0-7 0v1.5c0 .9-.6 1.7-1.5 1.9l-2.7.6c-1.3.3-2.3-.4-2.3-2z" />
  </Icon>
);

export const LinkIcon = () => (
  <Icon>
    <path d="M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1" />
  </Icon>
);

export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="8" />
    <path d="M10 8v16M22 8v16M10 16h12" />
  </svg>
);
