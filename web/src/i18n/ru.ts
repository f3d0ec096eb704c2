/** What the page says in Russian; the keys and placeholders are those of `en.ts`. */
import type { Dictionary } from './index.ts';

export const ru: Dictionary = {
  // Landing
  'landing.title': 'Видеозвонки, которые держатся.',
  'landing.about':
    'Создайте комнату и отправьте ссылку тем, кого хотите видеть. Изображение и звук идут напрямую между вами.',
  'landing.start': 'Создать комнату',
  'landing.or': 'или',
  'landing.room': 'Название комнаты или ссылка',
  'landing.go': 'Войти',
  'landing.bad-room': 'Название комнаты — буквы a–z, цифры и одиночные дефисы, не больше 64 знаков.',
  'landing.recent': 'Недавние комнаты',
  'landing.forget': 'Забыть {room}',
  language: 'Язык',

  // Before the call
  'lobby.back': 'Holdfast: вернуться в начало',
  'lobby.title': 'Готовы войти?',
  'lobby.name': 'Ваше имя',
  'lobby.bad-name': 'Это имя не подходит.',
  'lobby.join': 'Войти',
  'lobby.join-without': 'Войти без устройств',
  'lobby.joining': 'Входим…',
  'lobby.connecting': 'Подключаемся…',
  'lobby.cancel': 'Отменить',
  'lobby.picture': 'Ваше изображение',
  'lobby.waiting': 'Ждём камеру и микрофон…',
  'lobby.camera-off': 'Ваша камера выключена',
  'lobby.level': 'Уровень микрофона',
  'lobby.can-join': 'Можно войти и без этого.',
  'lobby.retry': 'Попробовать снова',

  // Devices
  'device.mic': 'Микрофон',
  'device.camera': 'Камера',
  'device.speaker': 'Динамик',
  'device.mic-on': 'Выключить микрофон',
  'device.mic-off': 'Включить микрофон',
  'device.camera-on': 'Выключить камеру',
  'device.camera-off': 'Включить камеру',

  // What keeps a device from working, and what to do about it
  'trouble.mic.denied':
    'Браузеру запрещено использовать микрофон. Разрешите его в настройках сайта рядом с адресом.',
  'trouble.mic.busy': 'Микрофон занят другой программой. Закройте её и включите микрофон снова.',
  'trouble.mic.no-device': 'Микрофон не найден. Подключите его и включите снова.',
  'trouble.mic.insecure-page':
    'Браузеры дают микрофон только страницам по HTTPS. Откройте эту страницу по адресу https.',
  'trouble.mic.failed': 'Не удалось открыть микрофон. Включите его снова.',
  'trouble.camera.denied':
    'Браузеру запрещено использовать камеру. Разрешите её в настройках сайта рядом с адресом.',
  'trouble.camera.busy': 'Камера занята другой программой. Закройте её и включите камеру снова.',
  'trouble.camera.no-device': 'Камера не найдена. Подключите её и включите снова.',
  'trouble.camera.insecure-page':
    'Браузеры дают камеру только страницам по HTTPS. Откройте эту страницу по адресу https.',
  'trouble.camera.failed': 'Не удалось открыть камеру. Включите её снова.',
  'trouble.both.denied':
    'Браузеру запрещено использовать камеру и микрофон. Разрешите их в настройках сайта рядом с адресом.',
  'trouble.both.busy': 'Камера и микрофон заняты другой программой. Закройте её и включите их снова.',
  'trouble.both.no-device': 'Камера и микрофон не найдены. Подключите их и включите снова.',
  'trouble.both.insecure-page':
    'Браузеры дают камеру и микрофон только страницам по HTTPS. Откройте эту страницу по адресу https.',
  'trouble.both.failed': 'Не удалось открыть камеру и микрофон. Включите их снова.',

  // The way to the hub
  'link.hub-full': 'Сервер сейчас переполнен. Пробуем снова…',
  'link.banned':
    'Сервер закрыл этот адрес на несколько минут: с него пришло слишком много неверных запросов. Попробуем снова сами…',
  'link.address-full': 'С вашего адреса сервером пользуется слишком много людей. Пробуем снова…',
  'link.asked-to-wait': 'Сервер просит подождать. Попробуем снова сами…',
  'link.reconnecting': 'Восстанавливаем связь с сервером… Звонок продолжается.',
  'link.unreachable': 'Сервер недоступен. Пробуем снова…',

  // The call
  'call.connected': 'На связи',
  'call.reconnecting': 'Восстанавливаем связь…',
  'call.leave': 'Выйти из звонка',
  'call.alone': 'Здесь пока никого нет. Скопируйте ссылку и отправьте её.',
  'call.copy-link': 'Скопировать ссылку',
  'call.link-copied': 'Ссылка скопирована',
  'call.link': 'Ссылка',
  'call.people': 'Участники звонка',
  'call.controls': 'Управление звонком',
  'call.hear': 'Нажмите, чтобы слышать остальных',
  'call.joined': 'Теперь в звонке: {name}.',
  'call.left': 'Больше не в звонке: {name}.',
  'call.lost': 'Нет связи: {name}.',
  'call.back': 'Снова на связи: {name}.',
  'call.more': 'Ещё',
  'call.qr': 'Ссылка как QR-код',
  'call.qr-about': 'Отсканируйте его другим устройством, чтобы войти.',
  'call.full-screen': 'Во весь экран',
  'call.full-screen-end': 'Выйти из полного экрана',
  'call.pip': 'Картинка в картинке',
  'call.settings': 'Устройства',
  'call.shortcuts': 'Горячие клавиши',
  'call.close': 'Закрыть',

  // A participant's tile
  'tile.you': '{name} (вы)',
  'tile.you-short': 'Вы',
  'tile.muted': 'без звука',
  'tile.move': 'Передвинуть свою картинку',
  'tile.connecting': 'Подключаемся…',
  'tile.reconnecting': 'Восстанавливаем связь…',
  'tile.peer-disconnected': 'Связь потеряна, ждём…',
  'tile.away': 'Нет связи с сервером',
  'tile.pin': 'Закрепить: {name}',
  'tile.unpin': 'Открепить: {name}',

  // The chat
  'chat.title': 'Чат',
  'chat.open': 'Открыть чат',
  'chat.open-unread': {
    one: 'Открыть чат, {count} новое сообщение',
    few: 'Открыть чат, {count} новых сообщения',
    many: 'Открыть чат, {count} новых сообщений',
  },
  'chat.unread': {
    one: '{count} непрочитанное сообщение',
    few: '{count} непрочитанных сообщения',
    many: '{count} непрочитанных сообщений',
  },
  'chat.close': 'Закрыть чат',
  'chat.messages': 'Сообщения',
  'chat.empty': 'Пока ничего не сказано. Кто войдёт позже, тоже сможет это прочитать.',
  'chat.you': 'Вы',
  'chat.told': 'передаёт {name}',
  'chat.message': 'Сообщение',
  'chat.placeholder': 'Сообщение для всех',
  'chat.send': 'Отправить',

  // Hands
  'hand.up': 'Рука поднята',
  'hand.raise': 'Поднять руку',
  'hand.lower': 'Опустить руку',

  // Shared screens
  'screen.of': 'Экран: {name}',
  'screen.start': 'Показать экран',
  'screen.stop': 'Прекратить показ экрана',
  'screen.shared': 'Остальные видят ваш экран.',
  'screen.shared-with-sound': 'Остальные видят и слышат ваш экран.',
  'screen.failed': 'Экран не удалось показать. Попробуйте другое окно.',

  // Devices that changed by themselves
  'remark.mic.stand-in': 'Микрофон пропал. Теперь используется: {device}.',
  'remark.mic.not-switched': 'Этот микрофон не удалось включить. По-прежнему используется: {device}.',
  'remark.camera.stand-in': 'Камера пропала. Теперь используется: {device}.',
  'remark.camera.not-switched': 'Эту камеру не удалось включить. По-прежнему используется: {device}.',
  'remark.read': 'Понятно',

  // How good a connection is
  'quality.good': 'Хорошая связь',
  'quality.fair': 'Средняя связь',
  'quality.poor': 'Плохая связь',
  'quality.loss': 'потери {percent} %',
  'quality.rtt': 'задержка {ms} мс',
  'quality.jitter': 'дрожание {ms} мс',
  'quality.freeze': 'картинка стояла {seconds} с',
  'summary.good': 'Связь была хорошей {percent} % времени.',
  'summary.fair': 'Связь временами слабела; хорошей она была {percent} % времени.',
  'summary.poor': 'Связь была плохой; хорошей она была {percent} % времени.',

  // Keyboard shortcuts
  'key.mic': 'Включить или выключить микрофон',
  'key.camera': 'Включить или выключить камеру',
  'key.screen': 'Показать экран или прекратить показ',
  'key.chat': 'Открыть или закрыть чат',
  'key.hand': 'Поднять или опустить руку',
  'key.full-screen': 'Во весь экран и обратно',
  'key.pin': 'Закрепить следующего участника',
  'key.pip': 'Картинка в картинке',
  'key.leave': 'Выйти из звонка',
  'key.help': 'Показать этот список',
  'key.escape': 'Закрыть открытое',
  'key.wanted': 'Использовать горячие клавиши',
  'key.shift': 'Shift',
  'key.esc': 'Esc',

  // After the call
  'ended.left': 'Вы вышли из звонка.',
  'ended.left-next': 'Комната остаётся открытой для остальных.',
  'ended.not-joined': 'Вы не вошли в звонок.',
  'ended.lasted': 'Время в звонке: {duration}.',
  'ended.rejoin': 'Войти снова',
  'ended.retry': 'Попробовать снова',
  'ended.new-room': 'Новая комната',

  // Not let in
  'refused.room-full': 'Эта комната заполнена.',
  'refused.room-full-next': 'Попробуйте, когда кто-нибудь выйдет, или создайте другую комнату.',
  'refused.invalid-room': 'Такое название комнаты не подходит.',
  'refused.invalid-room-next': 'Название комнаты — латинские буквы, цифры и одиночные дефисы.',
  'refused.invalid-name': 'Это имя не подходит.',
  'refused.invalid-name-next': 'Выберите другое и войдите снова.',
  'refused.unsupported-protocol': 'Эта страница устарела.',
  'refused.unsupported-protocol-next': 'Перезагрузите её, чтобы получить новую.',
  'refused.rate-limited': 'Отсюда было слишком много попыток.',
  'refused.hub-full': 'Сервер сейчас переполнен.',
  'refused.address-full': 'С вашего адреса сервером пользуется слишком много людей.',
  'refused.banned': 'Сервер заблокировал этот адрес: с него пришло слишком много неверных запросов.',
  'refused.taken-over': 'Звонок перешёл в другую вкладку или на другое устройство.',
  'refused.taken-over-next': 'Войдите снова, чтобы вернуть его сюда.',
  'refused.other': 'Сервер не смог вас впустить.',
  'refused.wait': 'Попробуйте чуть позже.',
  'refused.wait-seconds': {
    one: 'Попробуйте через {count} секунду.',
    few: 'Попробуйте через {count} секунды.',
    many: 'Попробуйте через {count} секунд.',
  },
  'refused.wait-minutes': {
    one: 'Попробуйте через {count} минуту.',
    few: 'Попробуйте через {count} минуты.',
    many: 'Попробуйте через {count} минут.',
  },

  // The tab's title
  'title.join': 'Войти в {room} · Holdfast',
  'title.left': 'Звонок завершён · Holdfast',
  'title.refused': 'Войти не удалось · Holdfast',
};
