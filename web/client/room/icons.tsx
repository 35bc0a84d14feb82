// The few drawings of the room, each beside words that say the same.

import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const EyeIcon = () => (
  <Icon>
    <path d="M2.5 12s3.5-6 9.5-6 9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6z" />
    <circle cx="12" cy="12" r="2.6" />
  </Icon>
);

export const NextIcon = () => (
  <Icon>
    <path d="M4 12h15M13.5 6.5 19 12l-5.5 5.5" />
  </Icon>
);

export const MicrophoneIcon = ({ on }: { on: boolean }) => (
  <Icon>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
    {!on && <path d="M4 4l16 16" />}
  </Icon>
);

export const CameraIcon = ({ on }: { on: boolean }) => (
  <Icon>
    <rect x="3" y="6.5" width="12.5" height="11" rx="2.5" />
    <path d="M15.5 10.5 21 7.5v9l-5.5-3" />
    {!on && <path d="M4 4l16 16" />}
  </Icon>
);

export const WriteIcon = () => (
  <Icon>
    <path d="M4 5.5h16v11H10l-4.5 3.5v-3.5H4z" />
  </Icon>
);

export const SignIcon = () => (
  <Icon>
    <path d="M6 21V4M6 4.5c4-2 7 2 12 0v9c-5 2-8-2-12 0" />
  </Icon>
);

export const ViewIcon = () => (
  <Icon>
    <path d="M4 8h9M17 8h3M4 16h3M11 16h9" />
    <circle cx="15" cy="8" r="2" />
    <circle cx="9" cy="16" r="2" />
  </Icon>
);

export const LeaveIcon = () => (
  <Icon>
    <path d="M13.5 4H6v16h7.5M11 12h9.5M17 8.5l3.5 3.5-3.5 3.5" />
  </Icon>
);

export const CircleIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="7.5" stroke-dasharray="3 2.6" />
    <circle cx="12" cy="4.5" r="1.8" />
    <circle cx="19.5" cy="12" r="1.8" />
    <circle cx="12" cy="19.5" r="1.8" />
    <circle cx="4.5" cy="12" r="1.8" />
  </Icon>
);

export const NowIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7v5l3.5 2" />
  </Icon>
);

export const PeopleIcon = () => (
  <Icon>
    <circle cx="9" cy="8.5" r="3.2" />
    <path d="M3 19.5c.4-3.6 2.8-5.5 6-5.5s5.6 1.9 6 5.5M16 5.6a3.2 3.2 0 0 1 0 5.9M17.5 14.3c2 .7 3.2 2.4 3.5 5.2" />
  </Icon>
);
