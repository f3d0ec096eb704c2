// Generated from the crate `holdfast-protocol`: UPDATE=1 cargo test -p holdfast-protocol --test typescript

export const PROTOCOL_VERSION = 2;
export const WEBSOCKET_PATH = "/ws";
export const NAME_CHARS_MAX = 64;
export const ROOM_NAME_CHARS_MAX = 64;
export const CONTROL_CHANNEL = "holdfast-control";
export const CONTROL_CHANNEL_ID = 0;
export const CONTROL_BYTES_MAX = 16384;
export const CHAT_CHARS_MAX = 2000;
export const CHAT_HISTORY_MAX = 200;
export const CLOSE_TAKEN_OVER = 4005;
export const CLOSE_HUB_FULL = 4007;
export const DIRECTORY_USERS_MAX = 50;
export const ACK_FRAMES = 16;
export const ACK_DELAY_MS = 1000;
export const PROBE_TIMEOUT_MS = 2000;
export const MEDIA_ALIVE_INTERVAL_MS = 4000;
export const RECONNECT_BACKOFF_MS = [0, 1000, 2000, 4000, 8000, 10000] as const;
export const DISCONNECTED_GRACE_MS = 3000;
export const RESTART_RETRY_MS = 6000;
export const CONNECT_TIMEOUT_MS = 10000;
export const OFFER_TIMEOUT_MS = 3000;

export type UserId = string;

export type SessionId = string;

export type CallId = string;

export type ParticipantId = string;

export type ConnectionId = string;

export type InstanceId = string;

export type Epoch = string;

export type CommandId = number;

export type Seq = number;

export type Secret = string;

export type DisplayName = string;

export type RoomName = string;

export type MediaState = { 
/**
 * The microphone.
 */
audio: boolean, 
/**
 * The camera.
 */
camera: boolean, 
/**
 * A shared screen.
 */
screen: boolean, 
/**
 * The sound of a shared screen.
 */
screen_audio: boolean, };

export type ParticipantState = { "is": "connected" } | { "is": "temporarily-disconnected", 
/**
 * The hub's time of the last frame received from it, in milliseconds since the Unix epoch.
 */
since_unix_ms: number, 
/**
 * The hub's time when its place is given up, in milliseconds since the Unix epoch.
 */
deadline_unix_ms: number, 
/**
 * What is left until then when this frame is written; count from here, clocks differ.
 */
ms_left: number, };

export type Role = "host" | "participant";

export type Participant = { 
/**
 * Of the two participants of a pair, the one with the smaller id makes every offer.
 */
id: ParticipantId, 
/**
 * Whose device it is.
 */
user: UserId, 
/**
 * The user's display name.
 */
name: DisplayName, 
/**
 * Rises when a new instance (page load, process) takes this place, and only then; starts at 1.
 */
incarnation: number, 
/**
 * What it may do.
 */
role: Role, 
/**
 * How often it has come back in this call.
 */
reconnect_count: number, 
/**
 * Whether it is there.
 */
state: ParticipantState, 
/**
 * What it sends.
 */
media: MediaState, };

export type CallKind = { "is": "room", 
/**
 * The name it was joined by.
 */
room: RoomName, } | { "is": "direct" };

export type CallState = { "is": "ringing", 
/**
 * Who is called.
 */
to: UserId, 
/**
 * The hub's time when it stops ringing, in milliseconds since the Unix epoch.
 */
deadline_unix_ms: number, 
/**
 * What is left until then when this frame is written.
 */
ms_left: number, } | { "is": "active", 
/**
 * For how long, when this frame is written.
 */
for_ms: number, };

export type CallSnapshot = { 
/**
 * The call.
 */
id: CallId, 
/**
 * By link or by ringing.
 */
kind: CallKind, 
/**
 * Whether it was accepted.
 */
state: CallState, 
/**
 * The receiver's own place among the participants.
 */
you: ParticipantId, 
/**
 * Everyone, the receiver included, in order of joining.
 */
participants: Array<Participant>, };

export type LeaveReason = "hangup" | "network-lost" | "reconnect-failed" | "seat-taken" | "call-ended";

export type EndReason = "hangup" | "declined" | "cancelled" | "missed" | "busy" | "network-lost" | "reconnect-failed" | "max-duration" | "expired" | "ended-by-host" | "ended-by-admin" | "server-cleanup";

export type Presence = "offline" | "online" | "ringing" | "in-call" | "reconnecting";

export type DirectoryEntry = { 
/**
 * The user.
 */
user: UserId, 
/**
 * Their display name.
 */
name: DisplayName, 
/**
 * What they are doing.
 */
presence: Presence, };

export type DirectoryQuery = string;

export type IceServer = { 
/**
 * `stun:`, `turn:` or `turns:` URLs (RFC 7064, RFC 7065).
 */
urls: Array<string>, 
/**
 * `expiry:session` for TURN; absent for STUN.
 */
username?: string, 
/**
 * The password that belongs to `username`.
 */
credential?: Secret, };

export type IceConfig = { 
/**
 * In order of preference; empty when the hub has none.
 */
servers: Array<IceServer>, 
/**
 * What is left of the credentials' life when this frame is written; absent when nothing expires.
 */
ttl_ms?: number, };

export type IceCandidate = { 
/**
 * The candidate-attribute (RFC 8839 §5.1).
 */
candidate: string, 
/**
 * The media section's identification tag.
 */
sdpMid?: string, 
/**
 * The media section's index.
 */
sdpMLineIndex?: number, 
/**
 * The ICE username fragment.
 */
usernameFragment?: string, };

export type NegotiateReason = "no-offer" | "ice-disconnected" | "ice-failed" | "restart-timed-out" | "never-connected" | "connection-lost";

export type Signal = { "kind": "offer", 
/**
 * The connection it opens or restarts.
 */
connection: ConnectionId, 
/**
 * Its number among the connection's offers.
 */
generation: number, 
/**
 * The session description (RFC 8866).
 */
sdp: string, } | { "kind": "answer", 
/**
 * The connection.
 */
connection: ConnectionId, 
/**
 * The offer's generation.
 */
generation: number, 
/**
 * The session description (RFC 8866).
 */
sdp: string, } | { "kind": "candidate", 
/**
 * The connection.
 */
connection: ConnectionId, 
/**
 * The generation of the offer or answer it belongs to.
 */
generation: number, 
/**
 * The candidate.
 */
candidate: IceCandidate, } | { "kind": "negotiate", 
/**
 * The connection it knows, if any.
 */
connection: ConnectionId | null, 
/**
 * The latest generation it has seen of it, 0 without a connection. A later offer in flight satisfies it.
 */
generation: number, 
/**
 * Why.
 */
reason: NegotiateReason, };

export type Limits = { 
/**
 * Largest message the hub reads, in bytes; a larger one closes the socket.
 */
frame_bytes_max: number, 
/**
 * Most participants of one call, the absent ones that still hold a place included.
 */
participants_max: number, 
/**
 * Most calls one session may be in at a time.
 */
calls_max: number, };

export type Heartbeat = { 
/**
 * How often to send `heartbeat`.
 */
interval_ms: number, 
/**
 * Silence that means a dead socket, to either side.
 */
timeout_ms: number, };

export type GuestCredential = { 
/**
 * The guest.
 */
user: UserId, 
/**
 * From the `welcome` that named the guest.
 */
secret: Secret, };

export type Resume = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * From the session's last `welcome`.
 */
token: Secret, 
/**
 * From the session's last `welcome`: what `seq` belongs to.
 */
epoch: Epoch, 
/**
 * The last hub frame taken in; the hub goes on with the one after it.
 */
seq: Seq, 
/**
 * Whether to leave the session's places in calls as they are, until `rejoin` or `leave`: somebody is being asked.
 */
hold: boolean, };

export type Hello = { 
/**
 * [`crate::PROTOCOL_VERSION`].
 */
protocol: number, 
/**
 * One page load or process; another instance that resumes a session raises its participants' incarnation.
 */
instance: InstanceId, 
/**
 * Counts this instance's sockets. A `hello` that was overtaken by a later one of the same instance resumes nothing.
 */
attempt: number, 
/**
 * The user's display name.
 */
name: DisplayName, 
/**
 * Who the guest is, when the hub has named it before.
 */
guest?: GuestCredential, 
/**
 * The session to come back to. Refused when the hub does not know it.
 */
resume?: Resume, };

export type Caller = { 
/**
 * The user.
 */
user: UserId, 
/**
 * Their display name.
 */
name: DisplayName, };

export type IncomingCall = { 
/**
 * The call.
 */
call: CallId, 
/**
 * Who calls.
 */
from: Caller, 
/**
 * The hub's time when it stops ringing, in milliseconds since the Unix epoch.
 */
deadline_unix_ms: number, 
/**
 * What is left until then when this frame is written.
 */
ms_left: number, };

export type Welcome = { 
/**
 * The version spoken from here on.
 */
protocol: number, 
/**
 * Names one unbroken history of frames between the hub and this session. The same one as before: what was missed
 * follows, and `calls` is empty. Another one: frames may be lost, and `calls` is all there is.
 */
epoch: Epoch, 
/**
 * The session.
 */
session: SessionId, 
/**
 * What the next `hello` needs to come back to it. The one before is good until the first `ack` on this socket.
 */
token: Secret, 
/**
 * Whether this is the session that `hello` asked for.
 */
resumed: boolean, 
/**
 * The last command that the hub has carried out; 0 in a new session. Later ones are to be sent again.
 */
last_command: CommandId, 
/**
 * Who the client is.
 */
user: UserId, 
/**
 * Proves it in a later session.
 */
guest_secret: Secret, 
/**
 * The name as the others see it.
 */
name: DisplayName, 
/**
 * How to show life on this socket.
 */
heartbeat: Heartbeat, 
/**
 * Bounds to keep.
 */
limits: Limits, 
/**
 * STUN and TURN servers.
 */
ice: IceConfig, 
/**
 * The session's calls in a new epoch; empty while the epoch lasts.
 */
calls: Array<CallSnapshot>, 
/**
 * Calls that ring for this user.
 */
incoming: Array<IncomingCall>, 
/**
 * Whether `directory` may be asked.
 */
directory: boolean, };

export type ErrorCode = "not-json" | "unknown-type" | "malformed-frame" | "binary-frame" | "unsupported-protocol" | "hello-expected" | "already-welcomed" | "bad-credentials" | "session-unknown" | "stale-hello" | "invalid-name" | "invalid-room" | "room-full" | "too-many-calls" | "not-in-call" | "unknown-participant" | "unknown-call" | "busy" | "in-direct-call" | "user-offline" | "calls-yourself" | "not-ringing" | "not-host" | "directory-off" | "invalid-signal" | "rate-limited" | "hub-full" | "address-full" | "banned" | "internal";

export type ErrorFrame = { 
/**
 * What programs act on.
 */
code: ErrorCode, 
/**
 * What people read; its wording may change.
 */
message: string, 
/**
 * How long to wait before trying again.
 */
retry_after_ms?: number, 
/**
 * The command that was refused, when it was one.
 */
in_reply_to?: CommandId, };

export type ClientFrame = { "type": "hello" } & Hello | { "type": "join", 
/**
 * The command's number.
 */
id: CommandId, 
/**
 * The room.
 */
room: RoomName, 
/**
 * What the participant will send at first.
 */
media: MediaState, } | { "type": "call", 
/**
 * The command's number.
 */
id: CommandId, 
/**
 * Whom.
 */
to: UserId, 
/**
 * What the participant will send at first.
 */
media: MediaState, } | { "type": "accept", 
/**
 * The command's number.
 */
id: CommandId, 
/**
 * The call.
 */
call: CallId, 
/**
 * What the participant will send at first.
 */
media: MediaState, } | { "type": "decline", 
/**
 * The command's number.
 */
id: CommandId, 
/**
 * The call.
 */
call: CallId, } | { "type": "rejoin", 
/**
 * The command's number.
 */
id: CommandId, 
/**
 * The call.
 */
call: CallId, 
/**
 * What the participant will send at first.
 */
media: MediaState, } | { "type": "end", 
/**
 * The command's number.
 */
id: CommandId, 
/**
 * The call.
 */
call: CallId, } | { "type": "leave", 
/**
 * The command's number.
 */
id: CommandId, 
/**
 * The call to leave.
 */
call: CallId, } | { "type": "signal", 
/**
 * The command's number.
 */
id: CommandId, 
/**
 * The call both are in.
 */
call: CallId, 
/**
 * Who shall get it.
 */
to: ParticipantId, 
/**
 * The incarnation it is meant for; dropped when another one has taken the place.
 */
to_incarnation: number, 
/**
 * What is said.
 */
signal: Signal, } | { "type": "media-state", 
/**
 * The command's number.
 */
id: CommandId, 
/**
 * The call.
 */
call: CallId, 
/**
 * The new state.
 */
media: MediaState, } | { "type": "ice-servers", 
/**
 * The command's number.
 */
id: CommandId, } | { "type": "directory", 
/**
 * The command's number.
 */
id: CommandId, 
/**
 * A part of a name.
 */
query: DirectoryQuery, } | { "type": "media-alive", 
/**
 * The call.
 */
call: CallId, 
/**
 * With whom.
 */
participants: Array<ParticipantId>, } | { "type": "ack", 
/**
 * The last one.
 */
seq: Seq, } | { "type": "heartbeat" };

export type HubFrame = { "type": "welcome" } & Welcome | { "type": "joined", 
/**
 * The `join`.
 */
in_reply_to: CommandId, 
/**
 * The call, the receiver included.
 */
call: CallSnapshot, } | { "type": "left", 
/**
 * The `leave`.
 */
in_reply_to: CommandId, 
/**
 * The call.
 */
call: CallId, } | { "type": "ringing", 
/**
 * The `call`.
 */
in_reply_to: CommandId, 
/**
 * The call, the receiver included.
 */
call: CallSnapshot, } | { "type": "incoming-call" } & IncomingCall | { "type": "accepted-elsewhere", 
/**
 * The call.
 */
call: CallId, } | { "type": "missed-call", 
/**
 * The call, as the log has it.
 */
call: CallId, 
/**
 * Who called.
 */
from: Caller, 
/**
 * When, by the hub's time, in milliseconds since the Unix epoch.
 */
at_unix_ms: number, } | { "type": "call-ended", 
/**
 * The call.
 */
call: CallId, 
/**
 * Why.
 */
reason: EndReason, } | { "type": "call-over", 
/**
 * The command.
 */
in_reply_to: CommandId, 
/**
 * The call.
 */
call: CallId, 
/**
 * Why it ended.
 */
reason: EndReason, } | { "type": "peer-joined", 
/**
 * The call.
 */
call: CallId, 
/**
 * Who.
 */
participant: Participant, } | { "type": "peer-disconnected", 
/**
 * The call.
 */
call: CallId, 
/**
 * Who.
 */
participant: ParticipantId, 
/**
 * The hub's time of the last frame received from it, in milliseconds since the Unix epoch.
 */
since_unix_ms: number, 
/**
 * The hub's time when its place is given up, in milliseconds since the Unix epoch.
 */
deadline_unix_ms: number, 
/**
 * What is left until then when this frame is written.
 */
ms_left: number, } | { "type": "peer-reconnected", 
/**
 * The call.
 */
call: CallId, 
/**
 * Who.
 */
participant: ParticipantId, 
/**
 * Higher than before when a new instance took the place: its connections are gone.
 */
incarnation: number, 
/**
 * How often it has come back in this call.
 */
reconnect_count: number, 
/**
 * How long it was away.
 */
away_ms: number, } | { "type": "peer-left", 
/**
 * The call.
 */
call: CallId, 
/**
 * Who.
 */
participant: ParticipantId, 
/**
 * Why.
 */
reason: LeaveReason, } | { "type": "signal", 
/**
 * The call.
 */
call: CallId, 
/**
 * Who sent it, by the hub's own knowledge.
 */
from: ParticipantId, 
/**
 * The sender's incarnation, by the hub's own knowledge.
 */
from_incarnation: number, 
/**
 * The incarnation it is meant for.
 */
to_incarnation: number, 
/**
 * What is said.
 */
signal: Signal, } | { "type": "media-state", 
/**
 * The call.
 */
call: CallId, 
/**
 * Who.
 */
participant: ParticipantId, 
/**
 * The new state.
 */
media: MediaState, } | { "type": "ice-servers", 
/**
 * The request.
 */
in_reply_to: CommandId, 
/**
 * The servers.
 */
ice: IceConfig, } | { "type": "directory", 
/**
 * The request.
 */
in_reply_to: CommandId, 
/**
 * Users that are online, the receiver not among them, by name; at most 50.
 */
users: Array<DirectoryEntry>, 
/**
 * Whether there are more.
 */
more: boolean, } | { "type": "presence", 
/**
 * Who.
 */
user: UserId, 
/**
 * What.
 */
presence: Presence, } | { "type": "ack", 
/**
 * The last one.
 */
command: CommandId, } | { "type": "heartbeat-ack" } | { "type": "going-away", 
/**
 * When to come back.
 */
retry_after_ms: number, } | { "type": "error" } & ErrorFrame;

export type MessageId = string;

export type ChatText = string;

export type ChatMessage = { 
/**
 * Made by the author; tells two copies from two messages.
 */
id: MessageId, 
/**
 * Who said it.
 */
author: ParticipantId, 
/**
 * The author's name when it was said; the author may have left since.
 */
name: DisplayName, 
/**
 * The author's clock, in milliseconds since the Unix epoch.
 */
sent_unix_ms: number, 
/**
 * What was said.
 */
text: ChatText, };

export type ControlFrame = { "type": "chat", 
/**
 * What was said.
 */
message: ChatMessage, } | { "type": "chat-history", 
/**
 * What was said.
 */
messages: Array<ChatMessage>, } | { "type": "hand", 
/**
 * Whether it is up.
 */
raised: boolean, };

export type OutageCause = "socket-closed" | "heartbeat-timeout" | "hub-restart" | "takeover" | "slow-reader" | "refused";

export type Outage = { 
/**
 * The hub's time of the last frame received before it, in milliseconds since the Unix epoch.
 */
since_unix_ms: number, 
/**
 * When it was over, by a return or by the end of the participation; absent while it lasts.
 */
until_unix_ms?: number, 
/**
 * Why.
 */
cause: OutageCause, 
/**
 * Whether the participant came back.
 */
returned: boolean, };

export type LoggedParticipant = { 
/**
 * The participant.
 */
id: ParticipantId, 
/**
 * Whose device it was.
 */
user: UserId, 
/**
 * The user's name then.
 */
name: DisplayName, 
/**
 * What it was allowed to do.
 */
role: Role, 
/**
 * The latest.
 */
incarnation: number, 
/**
 * How often it came back.
 */
reconnect_count: number, 
/**
 * When it joined, in milliseconds since the Unix epoch.
 */
joined_unix_ms: number, 
/**
 * When it left; absent while it is in the call.
 */
left_unix_ms?: number, 
/**
 * Why it left; absent while it is in the call.
 */
left_reason?: LeaveReason, 
/**
 * When it was away; the latest ones, if there were many.
 */
outages: Array<Outage>, 
/**
 * Outages that are no longer listed.
 */
outages_omitted: number, };

export type LoggedUser = { 
/**
 * The user.
 */
user: UserId, 
/**
 * The name then; absent for one who has not been seen since the hub started.
 */
name?: DisplayName, };

export type CallStatus = "ringing" | "active" | "ended";

export type LoggedCall = { 
/**
 * The call.
 */
id: CallId, 
/**
 * By link or by ringing.
 */
kind: CallKind, 
/**
 * Where it stands.
 */
status: CallStatus, 
/**
 * When it was begun or first joined, in milliseconds since the Unix epoch.
 */
began_unix_ms: number, 
/**
 * When it became active: a direct call by being accepted; absent when it never did.
 */
active_unix_ms?: number, 
/**
 * When it ended; absent until then.
 */
ended_unix_ms?: number, 
/**
 * Why it ended; absent until then.
 */
reason?: EndReason, 
/**
 * How long at least two were there and connected, in milliseconds: outages do not count.
 */
talk_ms: number, 
/**
 * Who called; absent for a room.
 */
caller?: LoggedUser, 
/**
 * Who was called; absent for a room.
 */
callee?: LoggedUser, 
/**
 * Everyone who took part, in order of joining; the latest ones, if there were many.
 */
participants: Array<LoggedParticipant>, 
/**
 * Participations that are no longer listed.
 */
participants_omitted: number, };

export type CallLogPage = { 
/**
 * The calls.
 */
calls: Array<LoggedCall>, 
/**
 * What to pass as `before` to get the next page; absent on the last.
 */
next?: string, };
