/**
 * What the page says in English, and thereby which messages there are: `ru.ts` has the same keys and placeholders, and
 * a test holds it to that. `params` fills `{names}` in; `count` chooses by number.
 */
import { count, params } from '@nanostores/i18n';

export const en = {
  // Landing
  'landing.title': 'Video calls that hold.',
  'landing.about':
    'Start a room and send its link to whoever you want to see. Picture and sound go straight between you.',
  'landing.start': 'Start a room',
  'landing.or': 'or',
  'landing.room': 'Room name or link',
  'landing.go': 'Go',
  'landing.bad-room': 'A room name is made of letters a–z, digits and single hyphens, 64 at most.',
  'landing.recent': 'Your recent rooms',
  'landing.forget': params('Forget {room}'),
  language: 'Language',

  // Before the call
  'lobby.back': 'Holdfast: back to the start',
  'lobby.title': 'Ready to join?',
  'lobby.name': 'Your name',
  'lobby.bad-name': 'This name cannot be used.',
  'lobby.join': 'Join',
  'lobby.join-without': 'Join without devices',
  'lobby.joining': 'Joining…',
  'lobby.connecting': 'Connecting…',
  'lobby.cancel': 'Cancel',
  'lobby.picture': 'Your picture',
  'lobby.waiting': 'Waiting for camera and microphone…',
  'lobby.camera-off': 'Your camera is off',
  'lobby.level': 'Microphone level',
  'lobby.can-join': 'You can join without.',
  'lobby.retry': 'Try again',

  // Devices
  'device.mic': 'Microphone',
  'device.camera': 'Camera',
  'device.speaker': 'Speaker',
  'device.mic-on': 'Mute the microphone',
  'device.mic-off': 'Unmute the microphone',
  'device.camera-on': 'Switch the camera off',
  'device.camera-off': 'Switch the camera on',

  // What keeps a device from working, and what to do about it
  'trouble.mic.denied':
    'The browser may not use the microphone. Allow it in the site settings beside the address.',
  'trouble.mic.busy': 'Another program uses the microphone. Close it and switch the microphone on again.',
  'trouble.mic.no-device': 'No microphone was found. Plug one in and switch it on again.',
  'trouble.mic.insecure-page':
    'Browsers give the microphone only to pages served over HTTPS. Open this page by its https address.',
  'trouble.mic.failed': 'The microphone could not be opened. Switch it on again.',
  'trouble.camera.denied':
    'The browser may not use the camera. Allow it in the site settings beside the address.',
  'trouble.camera.busy': 'Another program uses the camera. Close it and switch the camera on again.',
  'trouble.camera.no-device': 'No camera was found. Plug one in and switch it on again.',
  'trouble.camera.insecure-page':
    'Browsers give the camera only to pages served over HTTPS. Open this page by its https address.',
  'trouble.camera.failed': 'The camera could not be opened. Switch it on again.',
  'trouble.both.denied':
    'The browser may not use your camera and microphone. Allow them in the site settings beside the address.',
  'trouble.both.busy': 'Another program uses your camera and microphone. Close it and switch them on again.',
  'trouble.both.no-device': 'No camera or microphone was found. Plug one in and switch it on again.',
  'trouble.both.insecure-page':
    'Browsers give camera and microphone only to pages served over HTTPS. Open this page by its https address.',
  'trouble.both.failed': 'Camera and microphone could not be opened. Switch them on again.',

  // The way to the hub
  'link.hub-full': 'The hub is full right now. Trying again…',
  'link.banned':
    'The hub has blocked this address for some minutes: too many bad requests came from it. Trying again by itself…',
  'link.address-full': 'Too many people at your address use the hub right now. Trying again…',
  'link.asked-to-wait': 'The hub asked to wait. Trying again by itself…',
  'link.reconnecting': 'Reconnecting to the hub… The call goes on.',
  'link.unreachable': 'The hub cannot be reached. Trying again…',

  // The call
  'call.connected': 'Connected',
  'call.reconnecting': 'Reconnecting…',
  'call.leave': 'Leave the call',
  'call.alone': 'Nobody else is here yet. Copy the link and send it.',
  'call.copy-link': 'Copy link',
  'call.link-copied': 'Link copied',
  'call.link': 'Link',
  'call.people': 'People in the call',
  'call.controls': 'Call controls',
  'call.hear': 'Tap to hear the others',
  'call.joined': params('{name} joined.'),
  'call.left': params('{name} left.'),
  'call.lost': params('{name} lost the connection.'),
  'call.back': params('{name} is back.'),
  'call.more': 'More',
  'call.qr': 'Link as QR code',
  'call.qr-about': 'Scan it with another device to join.',
  'call.full-screen': 'Full screen',
  'call.full-screen-end': 'Leave full screen',
  'call.pip': 'Picture in picture',
  'call.settings': 'Devices',
  'call.shortcuts': 'Keyboard shortcuts',
  'call.close': 'Close',

  // A participant's tile
  'tile.you': params('{name} (you)'),
  'tile.you-short': 'You',
  'tile.muted': 'muted',
  'tile.move': 'Move your picture',
  'tile.connecting': 'Connecting…',
  'tile.reconnecting': 'Reconnecting…',
  'tile.peer-disconnected': 'Connection lost, waiting…',
  'tile.away': 'Away from the hub',
  'tile.pin': params('Pin {name}'),
  'tile.unpin': params('Unpin {name}'),

  // The chat
  'chat.title': 'Chat',
  'chat.open': 'Open the chat',
  'chat.open-unread': count({
    one: 'Open the chat, {count} new message',
    other: 'Open the chat, {count} new messages',
  }),
  'chat.unread': count({ one: '{count} unread message', other: '{count} unread messages' }),
  'chat.close': 'Close the chat',
  'chat.messages': 'Messages',
  'chat.empty': 'Nothing has been said yet. Who comes later gets to read it too.',
  'chat.you': 'You',
  'chat.told': params('as told by {name}'),
  'chat.message': 'Message',
  'chat.placeholder': 'Message to everyone',
  'chat.send': 'Send',

  // Hands
  'hand.up': 'Hand is raised',
  'hand.raise': 'Raise your hand',
  'hand.lower': 'Lower your hand',

  // Shared screens
  'screen.of': params('Screen of {name}'),
  'screen.start': 'Share your screen',
  'screen.stop': 'Stop sharing your screen',
  'screen.shared': 'The others see your screen.',
  'screen.shared-with-sound': 'The others see and hear your screen.',
  'screen.failed': 'The screen could not be shared. Try another window.',

  // Devices that changed by themselves
  'remark.mic.stand-in': params('The microphone went away. Now in use: {device}.'),
  'remark.mic.not-switched': params('That microphone could not be opened. Still in use: {device}.'),
  'remark.camera.stand-in': params('The camera went away. Now in use: {device}.'),
  'remark.camera.not-switched': params('That camera could not be opened. Still in use: {device}.'),
  'remark.read': 'OK',

  // How good a connection is
  'quality.good': 'Good connection',
  'quality.fair': 'Fair connection',
  'quality.poor': 'Poor connection',
  'quality.loss': params('{percent} % lost'),
  'quality.rtt': params('{ms} ms round trip'),
  'quality.jitter': params('{ms} ms jitter'),
  'quality.freeze': params('picture stood still for {seconds} s'),
  'summary.good': params('The connection was good {percent} % of the time.'),
  'summary.fair': params('The connection had weak moments; it was good {percent} % of the time.'),
  'summary.poor': params('The connection was poor; it was good {percent} % of the time.'),

  // Keyboard shortcuts
  'key.mic': 'Microphone on or off',
  'key.camera': 'Camera on or off',
  'key.screen': 'Share the screen, or stop',
  'key.chat': 'Open or close the chat',
  'key.hand': 'Raise or lower your hand',
  'key.full-screen': 'Full screen on or off',
  'key.pin': 'Pin the next tile',
  'key.pip': 'Picture in picture',
  'key.leave': 'Leave the call',
  'key.help': 'Show this list',
  'key.escape': 'Close what is open',
  'key.wanted': 'Use keyboard shortcuts',
  'key.shift': 'Shift',
  'key.esc': 'Esc',

  // After the call
  'ended.left': 'You left the call.',
  'ended.left-next': 'The room stays open for the others.',
  'ended.not-joined': 'You did not join the call.',
  'ended.lasted': params('Time in the call: {duration}.'),
  'ended.rejoin': 'Rejoin',
  'ended.retry': 'Try again',
  'ended.new-room': 'New room',

  // Not let in
  'refused.room-full': 'This room is full.',
  'refused.room-full-next': 'Try again when someone has left, or start another room.',
  'refused.invalid-room': 'This room name cannot be used.',
  'refused.invalid-room-next': 'Room names are made of letters, digits and single hyphens.',
  'refused.invalid-name': 'This name cannot be used.',
  'refused.invalid-name-next': 'Choose another one and join again.',
  'refused.unsupported-protocol': 'This page is out of date.',
  'refused.unsupported-protocol-next': 'Reload it to get the current one.',
  'refused.rate-limited': 'There were too many attempts from here.',
  'refused.hub-full': 'The hub is full right now.',
  'refused.address-full': 'Too many people at your address use the hub right now.',
  'refused.banned': 'The hub has blocked this address: too many bad requests came from it.',
  'refused.taken-over': 'This call was taken over by another tab or device.',
  'refused.taken-over-next': 'Join again to bring it back here.',
  'refused.other': 'The hub could not let you in.',
  'refused.wait': 'Try again in a moment.',
  'refused.wait-seconds': count({
    one: 'Try again in {count} second.',
    other: 'Try again in {count} seconds.',
  }),
  'refused.wait-minutes': count({
    one: 'Try again in {count} minute.',
    other: 'Try again in {count} minutes.',
  }),

  // The tab's title
  'title.join': params('Join {room} · Holdfast'),
  'title.left': 'Call left · Holdfast',
  'title.refused': 'Not joined · Holdfast',
};
