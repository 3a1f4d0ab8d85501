/**
 * Every number of the domain: type, default, bounds, what it means. Staff edit the values (table `settings`);
 * a change reaches every replica by pub/sub and, should that be lost, by a slow re-read.
 */
type Int = { type: 'int'; default: number; min: number; max: number; unit: string; about: string }
type IntList = { type: 'int-list'; default: readonly number[]; min: number; max: number; unit: string; about: string }
type Flag = { type: 'flag'; default: boolean; about: string }
type Text = { type: 'text'; default: string; maxLength: number; about: string }
type Texts = { type: 'text-list'; default: readonly string[]; maxLength: number; about: string }
export type SettingDefinition = Int | IntList | Flag | Text | Texts

const seconds = (value: number, min: number, max: number, about: string): Int => ({ type: 'int', default: value, min, max, unit: 'seconds', about })
const ms = (value: number, min: number, max: number, about: string): Int => ({ type: 'int', default: value, min, max, unit: 'milliseconds', about })
const count = (value: number, min: number, max: number, about: string): Int => ({ type: 'int', default: value, min, max, unit: 'count', about })
const idr = (value: number, min: number, max: number, about: string): Int => ({ type: 'int', default: value, min, max, unit: 'rupiah', about })
const percent = (value: number, about: string): Int => ({ type: 'int', default: value, min: 0, max: 100, unit: 'percent', about })
const bytes = (value: number, min: number, max: number, about: string): Int => ({ type: 'int', default: value, min, max, unit: 'bytes', about })

const DAY = 86_400

export const SETTINGS = {
  // signing in
  otpSeconds: seconds(300, 30, 600, 'Life of a one-time code.'),
  otpTries: count(5, 1, 10, 'Tries a code allows.'),
  otpResendSeconds: seconds(60, 1, 600, 'Least time between two codes for a phone.'),
  otpPerPhoneHour: count(5, 1, 1000, 'Codes an hour for a phone.'),
  otpPerPhoneDay: count(10, 1, 1000, 'Codes a day for a phone.'),
  otpPerIpHour: count(300, 1, 100_000, 'Codes an hour for an IP address (× 100 in development).'),
  otpPerPrefixHour: count(100, 1, 1_000_000, 'Codes an hour for the first 8 characters of a number (× 100 in development).'),
  phonePrefixes: { type: 'text-list', default: ['+62'], maxLength: 8, about: 'Country codes that may sign in.' } as Texts,
  accessTokenSeconds: seconds(900, 5, 3600, 'Life of an access token.'),
  refreshTokenSeconds: seconds(30 * DAY, 60, 90 * DAY, 'Life of a refresh token.'),
  refreshRetrySeconds: seconds(30, 0, 300, 'Within this time the last refresh may be repeated (a lost answer).'),
  accountIdleSeconds: seconds(180 * DAY, DAY, 3650 * DAY, 'After this idle time an account starts with an empty history.'),
  termsVersion: { type: 'text', default: '2026-01', maxLength: 32, about: 'The terms that must be accepted before a first session or application.' } as Text,
  minimumAgeYears: count(18, 18, 21, 'Adults only.'),
  // staff
  staffLockFailures: count(5, 1, 20, 'Failed sign-ins until a staff account is locked.'),
  staffLockSeconds: seconds(7200, 60, DAY, 'How long it is locked.'),
  staffIdleSeconds: seconds(3600, 60, DAY, 'A staff session ends after this idle time.'),
  staffSessionSeconds: seconds(43_200, 300, 7 * DAY, 'A staff session ends after this time in any case.'),
  // availability
  heartbeatSeconds: seconds(30, 1, 300, 'Clients send a heartbeat after this silence.'),
  livenessWriteSeconds: seconds(10, 0, 60, 'last_seen_at of a mitra is written at most this often.'),
  staleSeconds: seconds(60, 1, 600, 'Unseen for this long: no new matches.'),
  goneSeconds: seconds(120, 2, 3600, 'Unseen for this long in a session: the session pauses.'),
  recoverySweepSeconds: seconds(90, 0, 600, 'Staleness is judged only after this much uninterrupted sweeping.'),
  breakMostMinutes: { type: 'int', default: 240, min: 1, max: 1440, unit: 'minutes', about: 'Longest break of a mitra.' } as Int,
  defaultCapacity: count(1, 1, 10, 'Sessions at once for a new mitra.'),
  snapshotSeconds: seconds(5, 1, 60, 'Life of availability:snapshot.'),
  driftCheckSeconds: seconds(10, 1, 300, 'How often the mirror is compared with Postgres.'),
  // sessions
  sweepMs: ms(1000, 20, 10_000, 'Every replica sweeps due rows this often.'),
  holdSeconds: seconds(600, 2, 7200, 'A slot is held this long while the customer pays.'),
  queuedHoldSeconds: seconds(180, 2, 7200, 'The same, for a place that came up from the queue.'),
  queueSeconds: seconds(1800, 2, DAY, 'A queued session expires after this.'),
  offerSeconds: seconds(45, 1, 600, 'A mitra has this long to accept.'),
  offersMax: count(3, 1, 20, 'Offers a session makes before it is unserved.'),
  missedOffersMost: count(3, 0, 100, 'So many offers in a row that run out unanswered take a mitra offline; 0: never.'),
  ringingSeconds: seconds(300, 2, 3600, 'All offers together.'),
  clockStartSeconds: seconds(60, 0, 600, 'The clock starts when the customer is seen, at most this long after the accept.'),
  pauseAllowanceSeconds: seconds(600, 1, 7200, 'All pauses of a session together.'),
  warningSeconds: { type: 'int-list', default: [300, 60], min: 1, max: 3600, unit: 'seconds', about: 'Warnings before the end.' } as IntList,
  extensionsMost: count(2, 0, 20, 'Extensions of a session; dropped ones do not count.'),
  extensionGraceSeconds: seconds(60, 0, 600, 'A session whose time is up waits this long for a pending extension.'),
  waitTellSeconds: seconds(5, 1, 300, 'How often those who wait are looked at: who is to be told a new waiting time.'),
  waitTellPercent: percent(20, 'A waiting time that differs by this much from the one told last is told anew (and by 15 s at least).'),
  waitRetellSeconds: seconds(60, 1, 1800, 'Whoever waits is told anew after this in any case.'),
  waitHabitsSeconds: seconds(300, 1, DAY, 'How often it is measured anew how people pay, answer, end early, extend and leave.'),
  waitHabitsDays: count(7, 1, 90, 'Over how many days.'),
  waitEstimateDays: count(30, 1, 400, 'Days that a waiting time which was told is kept.'),
  holdCooldownCount: count(2, 1, 20, 'Unpaid holds within the window until a customer must wait.'),
  holdCooldownWindowSeconds: seconds(DAY, 60, 7 * DAY, 'The window in which unpaid holds count.'),
  holdCooldownSeconds: seconds(1800, 1, DAY, 'How long the customer waits then.'),
  promoReturnDays: count(7, 0, 365, 'Returned promotional credit lives at least this many days.'),
  favouritesMost: count(50, 1, 100, 'Favourites of a customer.'),
  notifyMeSeconds: seconds(DAY, 60, 30 * DAY, 'A request to be told of a free mitra ends after this.'),
  notifyMeMost: count(10, 1, 100, 'Requests of a customer to be told, at once.'),
  notifyMeHeadStartSeconds: seconds(120, 0, 3600, 'Whoever was told of a free slot has this long until the next one in line is told of it.'),
  // ratings
  ratingWindowSeconds: seconds(7 * DAY, 60, 90 * DAY, 'A session may be rated this long after its end.'),
  ratingReminderDays: count(1, 0, 30, 'So many days after a session, at 10:00 where the customer is, one who has not rated it is reminded once; 0: never.'),
  ratingLeastRaters: count(5, 1, 1000, 'An average is shown once so many persons have rated a mitra.'),
  ratingPriorRaters: count(5, 0, 1000, 'An average is drawn towards the expected score as if so many persons had given that.'),
  ratingPriorHundredths: count(420, 100, 500, 'The expected score, in hundredths: 420 is 4.2.'),
  // money
  mitraSharePercent: percent(70, 'The mitra’s share of what was used.'),
  minInvoiceIdr: idr(10_000, 1, 1_000_000, 'Least invoice; the wallet part shrinks to meet it.'),
  invoiceCreateSeconds: seconds(60, 2, 600, 'An invoice that is not made in this time ends the hold.'),
  invoiceWaitMs: ms(8000, 0, 20_000, 'A request waits this long for the invoice, then answers payment.state creating.'),
  closingSeconds: seconds(60, 1, 600, 'A hold closes without the provider’s answer after this.'),
  paymentAskSeconds: { type: 'int-list', default: [30, 60, 120, 240, 480], min: 1, max: 7200, unit: 'seconds', about: 'When the provider is asked about a pending payment.' } as IntList,
  paymentAskLeastSeconds: seconds(5, 1, 600, 'GET /payments/:id asks the provider at most this often a payment.'),
  providerCallsPerMinute: count(600, 1, 100_000, 'Calls to the payment provider a process and minute (60 on test keys).'),
  refundAloneMaxIdr: idr(500_000, 0, 100_000_000, 'A refund above this needs a second person.'),
  refundAskSeconds: { type: 'int-list', default: [60, 600, 3600, 21_600], min: 1, max: 7 * DAY, unit: 'seconds', about: 'When the provider is asked about a refund that was sent.' } as IntList,
  minPayoutIdr: idr(50_000, 1, 100_000_000, 'Least payout.'),
  payoutAskSeconds: { type: 'int-list', default: [60, 600, 3600, 21_600], min: 1, max: 7 * DAY, unit: 'seconds', about: 'When the provider is asked about a payout that was sent.' } as IntList,
  earningHoldSeconds: seconds(14 * DAY, 0, 90 * DAY, 'What a mitra earned from promotional credit is paid out after this.'),
  approvalSeconds: seconds(7 * DAY, 60, 30 * DAY, 'An act that waits for a second person expires after this.'),
  staffCreditDailyIdr: idr(500_000, 0, 100_000_000, 'Credit that a member of staff gives alone on a day in Asia/Jakarta.'),
  staffCreditMostIdr: idr(2_000_000, 1, 100_000_000, 'Most of one credit by staff.'),
  creditDays: count(90, 1, 365, 'Days that credit by staff lives unless told otherwise.'),
  promoCodeDays: count(30, 1, 365, 'Days that the credit of a promo code lives.'),
  tipLeastIdr: idr(1000, 1, 1_000_000, 'Least tip.'),
  tipMostIdr: idr(1_000_000, 1, 100_000_000, 'Most of one tip.'),
  tipPaySeconds: seconds(600, 2, 7200, 'Life of a tip’s invoice.'),
  tipWindowSeconds: seconds(7 * DAY, 0, 90 * DAY, 'A session may be tipped this long after its end.'),
  reconcileSeconds: seconds(600, 1, DAY, 'How often our payments are compared with the provider’s list.'),
  reconcileBackSeconds: seconds(3600, 60, 7 * DAY, 'How far back each of these looks.'),
  reconcileNightlySeconds: seconds(172_800, 3600, 30 * DAY, 'How far back the comparison of the night looks.'),
  reconcilePayoutDays: count(14, 1, 90, 'Days after it succeeded in which a payout is asked about every night: a bank may still send it back.'),
  ledgerCheckSeconds: seconds(60, 1, 3600, 'How often the ledger is derived again from its entries.'),
  // messages
  messageMaxLength: count(4000, 1, 16_000, 'Characters of a message.'),
  messageEditSeconds: seconds(900, 0, DAY, 'One’s own message may be edited this long after it was sent.'),
  messageDeleteSeconds: seconds(DAY, 0, 7 * DAY, 'It may be deleted for everyone this long after it was sent.'),
  maskContacts: { type: 'flag', default: false, about: 'Phone numbers, mail addresses, handles and links in a message are covered before it is stored.' } as Flag,
  flagContacts: { type: 'flag', default: true, about: 'Messages with ways to meet outside open a case for staff.' } as Flag,
  // safety
  crisisHotlines: { type: 'text-list', default: ['SEJIWA 119 ext. 8', 'Darurat 112'], maxLength: 80, about: 'Whom somebody in danger can call, as the card shows them.' } as Texts,
  crisisAcknowledgeSeconds: seconds(120, 5, 3600, 'A crisis that no member of staff has taken in this time is escalated, and again after it.'),
  caseTakeSeconds: seconds(14_400, 60, 30 * DAY, 'A case that is no crisis should be taken by a member of staff in this time; what is older is shown as late.'),
  caseCloseSeconds: seconds(3 * DAY, 60, 90 * DAY, 'A case that was taken should be closed in this time; what takes longer is shown as late.'),
  reportEvidenceMost: count(500, 1, 5000, 'Messages that are copied with a report, the newest.'),
  appealAgainSeconds: seconds(7 * DAY, 0, 365 * DAY, 'After a decision on an appeal the next against the same sanction may come this much later.'),
  evidenceSeconds: seconds(180 * DAY, DAY, 3650 * DAY, 'The messages of a case are erased this long after it was closed.'),
  // privacy
  erasureSettleSeconds: seconds(60, 1, 3600, 'This long after a person was erased, what was on its way to their rows meanwhile is erased as well.'),
  exportsPerDay: count(2, 1, 100, 'Exports of everything about them that a person may ask for in 24 hours.'),
  inboxDays: count(180, 1, 3650, 'Days that what somebody was told stands in their inbox; then its words are erased.'),
  // letters
  emailCodeSeconds: seconds(600, 60, 3600, 'Life of a code that proves an e-mail address.'),
  emailCodeTries: count(5, 1, 10, 'Tries such a code allows.'),
  emailCodeResendSeconds: seconds(60, 1, 600, 'Least time between two of them for a person.'),
  emailCodesPerPersonDay: count(10, 1, 1000, 'Such codes a day for a person.'),
  emailCodesPerAddressDay: count(5, 1, 1000, 'Such codes a day for an address, whoever asks.'),
  smsPrefixes: { type: 'text-list', default: ['+62'], maxLength: 8, about: 'Country codes that get SMS (one-time codes have their own list).' } as Texts,
  smsPerPersonDay: count(5, 0, 1000, 'SMS to a person within 24 hours; one-time codes do not count.'),
  smsPerDay: count(1000, 0, 1_000_000, 'SMS to all within 24 hours; what is more is dropped and counted.'),
  // transcripts
  transcriptSeconds: seconds(180 * DAY, 30 * DAY, 3650 * DAY, 'Transcripts are erased this long after their session.'),
  historyPageBytes: bytes(65_536, 1024, 1_048_576, 'A history page is at most this large: on a slow link whatever comes behind it waits for it, a pong as well.'),
  framesPerSecond: count(60, 1, 10_000, 'Frames a second a socket; twice that a user.'),
  framesBurst: count(600, 1, 100_000, 'Frames a socket may send at once; twice that a user.'),
  framesOverSeconds: seconds(10, 1, 600, 'A socket over its frames for this long is closed 4429.'),
  pingSeconds: seconds(25, 1, 30, 'A socket is pinged this often; one that made no sound in between is gone.'),
  healMs: ms(2000, 100, 10_000, 'Each replica asks Postgres this often what changed for its connected users.'),
  healOverlapSeconds: seconds(10, 1, 120, 'How far behind its watermark it looks.'),
  authenticateSeconds: seconds(10, 1, 60, 'A socket must authenticate within this time.'),
  tokenGraceSeconds: seconds(60, 0, 300, 'A socket is closed 4401 this long after its token ended.'),
  closeSeconds: seconds(10, 1, 60, 'A reader that is too slow has this long to take its close; then it is cut.'),
  socketsPerUser: count(20, 1, 10_000, 'Sockets of a person on a replica; one more closes the oldest 4409.'),
  socketsPerIp: count(5000, 1, 1_000_000, 'Sockets of an IP address on a replica (a carrier puts thousands behind one).'),
  strangersPerIp: count(500, 1, 1_000_000, 'Sockets of an IP address on a replica that have not authenticated yet.'),
  strangersMax: count(5000, 1, 1_000_000, 'Sockets of a replica that have not authenticated yet.'),
  readyWaitingMax: count(4000, 1, 1_000_000, 'While so many sockets of a replica wait for their ready, new ones are refused (503).'),
  presenceGraceSeconds: seconds(5, 0, 60, 'Who comes back within this time was never offline.'),
  presenceLeaseSeconds: seconds(30, 2, 300, 'What a replica says of its people stands in Valkey this long after its last word. While Valkey is away the last word is believed.'),
  typingSeconds: seconds(6, 1, 60, 'Typing ends by itself this long after its last start.'),
  pushAfterSeconds: seconds(5, 1, 60, 'A message without delivered is pushed after this, and so are those after it: once in this time.'),
  deviceSeconds: seconds(270 * DAY, 60 * DAY, 3650 * DAY, 'A push token that its app has not named for this long is removed; Google forgets its own after 270 days, Apple never.'),
  // limits
  anonymousRequests: count(100, 1, 1_000_000, 'Requests per 15 min and IP of anonymous callers (× 100 in development).'),
  userRequests: count(3000, 1, 1_000_000, 'Requests per 15 min of a signed-in caller.'),
  beaconRequests: count(6000, 1, 10_000_000, 'Beacon requests per 15 min and IP.'),
  socketRequests: count(60_000, 1, 10_000_000, 'Sockets opened per 15 min, IP and replica (× 100 in development).'),
  requestsMost: count(300, 10, 100_000, 'Requests that a replica works on at once; beyond it they are refused (503 overloaded). Health, webhooks, return pages and app-config are not.'),
  idempotencySeconds: seconds(DAY, 60, 7 * DAY, 'How long an idempotency key’s answer is kept.'),
  // announcements
  announcementsUncounted: count(10_000, 0, 100_000, 'An announcement to more people needs the number of its dry run when it is started.'),
  // apps
  customerMinVersion: { type: 'text', default: '0.0.0', maxLength: 32, about: 'Least version of client_app.' } as Text,
  customerLatestVersion: { type: 'text', default: '1.0.0', maxLength: 32, about: 'Latest version of client_app.' } as Text,
  mitraMinVersion: { type: 'text', default: '0.0.0', maxLength: 32, about: 'Least version of mitra_app.' } as Text,
  mitraLatestVersion: { type: 'text', default: '1.0.0', maxLength: 32, about: 'Latest version of mitra_app.' } as Text,
  supportUrl: { type: 'text', default: 'https://halobestie.com/support', maxLength: 200, about: 'Where the apps send people for help.' } as Text,
  termsUrl: { type: 'text', default: 'https://halobestie.com/terms', maxLength: 200, about: 'Where the apps show the terms.' } as Text,
  // switches
  maintenance: { type: 'flag', default: false, about: 'Public routes answer 503 maintenance and sockets are closed 4503; health, webhooks, payment return pages, app-config and staff go on.' } as Flag,
  maintenanceMinutes: { type: 'int', default: 0, min: 0, max: 1440, unit: 'minutes', about: 'How long a maintenance is expected to last from its beginning: apps are told its end. 0: nothing is said.' } as Int,
  maintenanceMessageId: { type: 'text', default: 'Kami sedang melakukan pemeliharaan. Coba lagi sebentar lagi.', maxLength: 300, about: 'What people are told during a maintenance, in Indonesian.' } as Text,
  maintenanceMessageEn: { type: 'text', default: 'We are doing maintenance. Try again soon.', maxLength: 300, about: 'The same in English.' } as Text,
  newSessionsClosed: { type: 'flag', default: false, about: 'No new session and no extension (503 sessions_closed); what has begun goes on. A maintenance that is planned begins with this.' } as Flag,
  signUpClosed: { type: 'flag', default: false, about: 'No new account (503 sign_up_closed); who has one signs in as ever.' } as Flag,
  paymentsClosed: { type: 'flag', default: false, about: 'Nothing new is charged at the provider (503 payments_disabled): wallet and zero price work, payments, refunds and payouts that were begun go on.' } as Flag,
  pushesClosed: { type: 'flag', default: false, about: 'No push is sent. Those that come meanwhile wait; when pushes are open again, what is not stale is sent.' } as Flag,
  emailsClosed: { type: 'flag', default: false, about: 'No e-mail is sent, and nobody can give an address (503 email_disabled). Letters wait as long as they live; what is left is sent when e-mail is open again.' } as Flag,
  smsClosed: { type: 'flag', default: false, about: 'No SMS is sent (one-time codes are not concerned). Those that come meanwhile wait as long as they live; what is left is sent when SMS are open again.' } as Flag,
} as const satisfies Record<string, SettingDefinition>

export type SettingName = keyof typeof SETTINGS

/** What closes a part of the product at once. Throwing one or taking it back needs a reason. */
export const SWITCHES = ['maintenance', 'newSessionsClosed', 'signUpClosed', 'paymentsClosed', 'pushesClosed', 'emailsClosed', 'smsClosed'] as const satisfies readonly SettingName[]
export type SwitchName = (typeof SWITCHES)[number]

/** The parts of the catalogue, in its order, each with the setting that begins it. */
export const SETTING_GROUPS = {
  'signing-in': 'otpSeconds', staff: 'staffLockFailures', availability: 'heartbeatSeconds', sessions: 'sweepMs', ratings: 'ratingWindowSeconds', money: 'mitraSharePercent',
  messages: 'messageMaxLength', safety: 'crisisHotlines', privacy: 'erasureSettleSeconds', letters: 'emailCodeSeconds', transcripts: 'transcriptSeconds', limits: 'anonymousRequests', apps: 'customerMinVersion', switches: 'maintenance',
} as const satisfies Record<string, SettingName>
export type SettingGroup = keyof typeof SETTING_GROUPS

const GROUP_OF = new Map<string, SettingGroup>()
for (const name of Object.keys(SETTINGS)) {
  const begins = (Object.entries(SETTING_GROUPS) as [SettingGroup, string][]).find(([, first]) => first === name)?.[0]
  GROUP_OF.set(name, begins ?? [...GROUP_OF.values()].at(-1)!)
}
export function groupOf(name: SettingName): SettingGroup {
  return GROUP_OF.get(name)!
}
type ValueOf<D> = D extends { type: 'int' } ? number
  : D extends { type: 'int-list' } ? readonly number[]
  : D extends { type: 'flag' } ? boolean
  : D extends { type: 'text-list' } ? readonly string[]
  : string
export type SettingValues = { [K in SettingName]: ValueOf<(typeof SETTINGS)[K]> }
