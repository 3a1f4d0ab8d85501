import type { PrivacyMap } from './modules/privacy/index.ts'
import { COMFORTS } from './privacy-map-comforts.ts'
import { MONEY } from './privacy-map-money.ts'

/**
 * Every table of the schema: what of it is about a person, what of that goes out in an export, and what erasure does
 * with it. Exports and erasures read it, in this order; a test walks the real schema and names what is missing here.
 */
export const PRIVACY_MAP: PrivacyMap = {
  // Signing in
  otp_challenges: {
    rows: { phoneHash: 'phone_hash' }, since: 'created_at',
    held: { 'whoever asked for a code need not be the person': 'id phone_prefix kind ip channel attempts created_at expires_at resend_at consumed_at superseded_at provider_ref', secret: 'phone_hash phone_encrypted code_hash' },
    clear: { 'the first five digits: a budget of codes is counted by them, for three days': 'phone_prefix' },
    erasure: { keep: { 'limits on codes are counted by them; gone after three days': 'phone_hash phone_encrypted phone_prefix kind ip channel provider_ref code_hash' } },
  },
  number_standings: { rows: { phoneHash: 'phone_hash' }, key: 'phone_hash', held: { secret: 'phone_hash', 'goes out with the account': 'suspended_until banned_at updated_at' }, erasure: { keep: { 'a sanction belongs to the number and outlives the account': 'phone_hash' } } },
  refresh_tokens: { rows: { of: 'sign_ins', by: 'sign_in_id' }, since: 'issued_at', held: { secret: 'token_hash successor_encrypted', 'of how tokens turn': 'id sign_in_id issued_at expires_at used_at retried_at successor_id' }, erasure: 'delete' },
  devices: {
    rows: { columns: 'user_id' }, since: 'created_at', out: { as: 'devices', columns: 'id platform created_at last_seen_at' },
    held: { secret: 'token', 'of how we work': 'user_id sign_in_id' }, clear: { 'FCM takes it in clear, and it is of use to nobody without our key there': 'token' }, erasure: 'delete',
  },
  device_marks: { rows: { columns: 'user_id' }, key: 'user_id token_hash', held: { secret: 'token_hash', 'of how we work': 'user_id' }, erasure: 'delete' },
  sign_ins: {
    rows: { columns: 'user_id' }, since: 'created_at',
    out: { as: 'signIns', columns: 'id device_name ip app_version created_at last_used_at revoked_at revoke_reason' }, held: { 'of how we work': 'user_id' },
    erasure: { set: { device_name: null, ip: null, app_version: null }, keep: { 'replicas learn from the row that its tokens have ended': 'revoke_reason' } },
  },
  consents: { rows: { columns: 'user_id' }, key: 'user_id document version', since: 'accepted_at', out: { as: 'consents', columns: 'document version accepted_at' }, held: { 'of how we work': 'user_id' }, erasure: { keep: { 'proof of what was agreed to, under the pseudonym': 'document version' } } },
  preferences: { rows: { columns: 'user_id' }, key: 'user_id', since: 'updated_at', out: { as: 'preferences', columns: 'values updated_at' }, held: { 'of how we work': 'user_id' }, erasure: 'delete' },
  notification_preferences: { rows: { columns: 'user_id' }, key: 'user_id', since: 'updated_at', out: { as: 'notificationPreferences', columns: 'choices quiet_from quiet_to message_text updated_at' }, held: { 'of how we work': 'user_id version' }, erasure: 'delete' },
  users: {
    rows: { columns: 'id' },
    out: {
      as: 'profile', opened: { phone_encrypted: 'phone' },
      columns: 'id kind display_name birth_date gender language time_zone suspended_until banned_at last_active_at created_at updated_at',
    },
    held: { secret: 'phone_hash', 'of how we work': 'phone_prefix birth_date_used_at erased_at erasing_at history_from' },
    clear: { 'a name that its owner shows to strangers': 'display_name', 'read in every check of age': 'birth_date', 'the first five digits of the number': 'phone_prefix' },
    erasure: {
      by: { 'modules/identity/erase-identity.ts': 'phone_hash' }, keep: { 'whose pseudonym it is': 'kind' },
      set: { phone_encrypted: null, phone_prefix: '', display_name: null, birth_date: null, birth_date_used_at: null, gender: null, language: 'id', time_zone: 'Asia/Jakarta' },
    },
  },
  // Mitras
  mitra_bank_accounts: {
    rows: { columns: 'mitra_id' }, since: 'created_at',
    out: { as: 'bankAccounts', columns: 'id channel_code created_at replaced_at refused_at refused_code', opened: { number_encrypted: 'bankNumber', holder_encrypted: 'bankHolder' } },
    held: { secret: 'number_hash', 'of how we work': 'mitra_id last_digits key_id' }, clear: { 'what its owner and staff are shown of it': 'last_digits' },
    erasure: { by: { 'modules/mitras/erase-mitra.ts': 'number_encrypted holder_encrypted number_hash last_digits' }, keep: { 'where payouts went, under the pseudonym': 'channel_code key_id refused_code' } },
  },
  mitra_intervals: { rows: { columns: 'mitra_id' }, since: 'started_at', out: { as: 'hours', columns: 'id kind session_id started_at ended_at' }, held: { 'of how we work': 'mitra_id' }, erasure: { keep: { 'hours of the service, under the pseudonym': 'kind' } } },
  mitra_slots: { rows: { columns: 'mitra_id' }, key: 'mitra_id', held: { 'of how we work': 'mitra_id used open_capacity idle_since' }, erasure: {} },
  mitras: {
    rows: { columns: 'user_id' }, key: 'user_id', since: 'created_at',
    out: { as: 'mitra', columns: 'status bio topics languages gender accepts_extensions capacity wants_online last_seen_at applied_at approved_at deactivated_at status_reason created_at updated_at' },
    held: { 'of how we work': 'user_id stale missed_in_row offline_because break_until version' },
    erasure: { by: { 'modules/mitras/erase-mitra.ts': 'status' }, set: { bio: '', topics: '{}', languages: '{}', gender: null, status_reason: null, offline_because: null } },
  },
  liveness_sweep: { none: 'when the sweep last ran' },
  // Sessions
  packages: { none: 'what is sold' },
  offers: { rows: { columns: 'mitra_id' }, since: 'created_at', out: { as: 'offers', columns: 'id session_id state created_at expires_at ended_at' }, held: { 'of how we work': 'version mitra_id counted' }, erasure: { keep: { 'the story of a session, under the pseudonym': 'state' } } },
  session_events: {
    rows: { columns: 'actor_id' }, only: `actor_kind in ('customer', 'mitra')`, since: 'at', out: { as: 'sessionEvents', columns: 'id session_id at event from_state to_state reason' }, held: { 'of how we work': 'actor_kind actor_id details' },
    erasure: { keep: { 'append-only, codes and ids: the story of a session, under the pseudonym': 'event from_state to_state actor_kind reason details' } },
  },
  chat_sessions: {
    rows: { columns: 'customer_id mitra_id' }, since: 'queued_at',
    out: {
      as: 'sessions',
      columns: 'id state customer_id mitra_id conversation_id topic language gender minutes price_idr queued_at held_at paid_at accepted_at clock_started_at ends_at ended_at ended_by end_reason paused_seconds returned_idr',
    },
    held: { 'of how we work': 'version named_mitra_id any_mitra use_wallet request_key package_id mitra_share_percent slot_mitra_id queue_number offers_made due_at hold_until closing_at closing_reason ring_until paused_at pause_until updated_at' },
    erasure: { onlyFor: 'customer', set: { topic: null, language: null, gender: null, request_key: null }, keep: { 'what was sold and served, under the pseudonym': 'state closing_reason ended_by end_reason' } },
  },
  session_marks: {
    rows: { of: 'chat_sessions', by: 'session_id' }, key: 'session_id mark', held: { 'a list of what stands elsewhere': 'session_id mark queued_at' },
    erasure: { keep: { 'which sessions had an extension, a refund or a case, under the pseudonym': 'mark' } },
  },
  wait_estimates: {
    rows: { of: 'chat_sessions', by: 'session_id' }, key: 'session_id told_at', since: 'told_at',
    out: { as: 'waitingTimes', columns: 'session_id told_at position p50_seconds p90_seconds outcome waited_seconds' }, held: { 'how good the estimate was': 'verdict' },
    erasure: { keep: { 'how long people wait, under the pseudonym; gone after thirty days': 'outcome verdict' } },
  },
  wait_habits: { none: 'how people behave on the whole: numbers without anybody' },
  // Talking
  messages: {
    rows: { columns: 'sender_id' }, key: 'conversation_id seq', since: 'sent_at', out: { as: 'messages', columns: 'conversation_id seq id body sent_at edited_at deleted_at' },
    held: { 'of how we work': 'client_id sender_id change code data' },
    erasure: { by: { 'modules/chat/erase-messages.ts': 'body' }, keep: { 'of system messages, which nobody sent': 'code data' } },
  },
  message_words: { rows: { of: 'conversation_members', by: 'conversation_id', key: 'conversation_id' }, key: 'conversation_id first_seq', held: { 'an index of the messages': 'conversation_id first_seq last_seq words' }, erasure: { by: { 'modules/chat/erase-messages.ts': 'words' } } },
  message_flags: { rows: { columns: 'sender_id' }, since: 'sent_at', held: { 'on its way to a case': 'id conversation_id seq change sender_id kinds body sent_at' }, erasure: { keep: { 'gone within seconds: somebody may be in danger': 'kinds body' } } },
  conversation_members: { rows: { columns: 'user_id' }, key: 'conversation_id user_id', out: { as: 'conversations', columns: 'conversation_id read_seq delivered_seq' }, held: { 'of how we work': 'user_id pushed_seq' }, erasure: {} },
  conversations: { none: 'a place for messages; who is in it stands in conversation_members' },
  notifications: { rows: { columns: 'user_id' }, since: 'created_at', out: { as: 'notifications', columns: 'id kind title body data created_at read_at deleted_at' }, held: { 'of how we work': 'user_id dedupe_key emptied_at' }, erasure: 'delete' },
  scheduled_notices: { rows: { columns: 'user_id' }, since: 'created_at', held: { 'goes out once it is given': 'id user_id dedupe_key notice due_at local_day local_time expires_at created_at' }, erasure: 'delete' },
  pushes: { rows: { columns: 'user_id' }, since: 'created_at', held: { 'notifications on their way to a device, for some days': 'id user_id kind tag title body data high_priority dedupe_key state created_at due_at expires_at claimed_until attempts settled_at reason priority tries template announcement_id sent_at accepted_at delivered_at opened_at critical holds', secret: 'pending_tokens' }, clear: { 'as in devices, while a push is tried again': 'pending_tokens' }, erasure: 'delete' },
  letters: {
    rows: { columns: 'user_id' }, since: 'created_at',
    held: { 'notifications on their way to a mailbox or phone, for some weeks without their text': 'id user_id channel kind template dedupe_key priority subject text challenge_id state reason created_at due_at expires_at claimed_until attempts tries sent_at settled_at waits', secret: 'to_encrypted' },
    erasure: 'delete',
  },
  email_addresses: {
    rows: { columns: 'user_id' }, key: 'user_id', since: 'proven_at', out: { as: 'email', opened: { address_encrypted: 'email' }, columns: 'proven_at undeliverable_at' },
    held: { secret: 'address_hash', 'of how we work': 'user_id digest_due_at digest_until digest_day' }, erasure: 'delete',
  },
  email_challenges: {
    rows: { columns: 'user_id' }, since: 'created_at',
    held: { 'an address that was not proven need not be the person’s': 'id user_id attempts created_at expires_at resend_at consumed_at superseded_at undeliverable_at', secret: 'address_hash address_encrypted' }, erasure: 'delete',
  },
  // Safety
  safety_cases: {
    rows: { columns: 'reporter_id' }, since: 'opened_at', out: { as: 'reports', columns: 'id kind state session_id reason note opened_at closed_at' },
    held: { 'staff’s work on it, and whom it is about': 'conversation_id opened_by reporter_id subject_id last_at acknowledge_by escalations taken_at taken_by closed_by outcome' },
    erasure: { keep: { 'a case outlives its persons until its time is over': 'kind state reason note outcome' } },
  },
  case_evidence: { rows: { columns: 'sender_id' }, key: 'case_id seq change', since: 'sent_at', held: { 'copies of messages, which go out themselves': 'case_id seq change sender_id body sent_at' }, erasure: { keep: { 'evidence, until the case’s time is over (evidenceSeconds)': 'body' } } },
  case_notes: { staff: 'what they note on a case, by ids and in their words; erased with its evidence' },
  blocks: {
    rows: { columns: 'blocker_id' }, since: 'created_at', out: { as: 'blocks', columns: 'blocked_id created_at' }, held: { 'of how we work': 'id blocker_id', secret: 'blocker_hash blocked_hash' },
    erasure: { keep: { 'it holds for the number, whose next account must not meet them either': 'blocker_hash blocked_hash' } },
  },
  sanctions: {
    rows: { phoneHash: 'phone_hash' }, since: 'created_at', out: { as: 'sanctions', columns: 'id kind message until created_at lifted_at' },
    held: { secret: 'phone_hash', 'staff’s work on it': 'user_id case_id reason created_by lifted_by lift_reason' },
    erasure: { keep: { 'a sanction belongs to the number and outlives the account': 'phone_hash kind reason message lift_reason' } },
  },
  appeals: {
    rows: { of: 'sanctions', by: 'sanction_id' }, since: 'created_at', out: { as: 'appeals', columns: 'id sanction_id state text created_at decided_at answer' },
    held: { 'staff’s work on it': 'decided_by reason' }, erasure: { keep: { 'goes with the sanction': 'state text reason answer' } },
  },
  lexicon_history: { none: 'words that are looked for' },
  lexicon_terms: { none: 'words that are looked for' },
  ...COMFORTS,
  ...MONEY,
  // What staff and the service do
  audit_log: {
    rows: { columns: 'actor_id target_id' }, only: `target_type is distinct from 'staff'`, key: 'seq', since: 'at', out: { as: 'actsOfStaff', columns: 'at act' },
    held: { 'about staff, and the chain': 'seq id actor_kind actor_id target_type target_id reason details request_id ip prev_hash hash' },
    erasure: { keep: { 'a chain that nobody may change; it holds ids and what staff wrote': 'actor_kind act target_type target_id reason details request_id ip prev_hash hash' } },
  },
  audit_head: { none: 'where the chain of the audit ends' },
  erasures: { rows: { columns: 'user_id' }, key: 'user_id', since: 'asked_at', out: { as: 'erasure', columns: 'state asked_at' }, held: { 'of how we work, and of staff': 'user_id forfeit asked_by_kind asked_by reason due_at erased_at done_at' }, erasure: { keep: { 'whom to erase again after a backup was restored': 'state asked_by_kind reason' } } },
  data_exports: { rows: { columns: 'user_id' }, since: 'created_at', out: { as: 'exports', columns: 'id asked_by_kind created_at' }, held: { 'of how we work, and of staff': 'user_id asked_by' }, erasure: 'delete' },
  idempotency_keys: { none: 'answers under a caller’s key, encrypted, for a day (idempotencySeconds)' },
  outbox: { none: 'work that is to be done, by ids' },
  timetable: { none: 'regular work' },
  rollups: { none: 'how far sums of days go' },
  rollup_changes: { none: 'days that are to be added up anew' },
  session_days: { none: 'sums of days' },
  session_end_days: { none: 'sums of days' },
  offer_days: { none: 'sums of days' },
  mitra_hour_days: { none: 'sums of days' },
  ledger_days: { none: 'sums of days' },
  rating_days: { none: 'sums of days' },
  notice_days: { none: 'sums of days' },
  replicas: { none: 'processes of the service' },
  schema_migrations: { none: 'the schema’s own' },
  settings: { none: 'settings' },
  settings_history: { none: 'settings' },
  notice_templates: { staff: 'what they write for all, with names of variables and no values', clear: { 'words of e-mails, not addresses': 'email_subject email_body' } },
  notice_faults: { none: 'names of variables that were missing' },
  approvals: { none: 'what staff ask each other for, by ids' },
  staff: { staff: 'accounts of members of staff', clear: { 'they sign in by it, and see each other’s names': 'email display_name' } },
  announcements: { none: 'what staff tell many people at once; a list of ids at most of whom a test is for' },
  announcement_waves: { none: 'how far an announcement is' },
  saved_views: { staff: 'filters of lists that they keep under a name' },
  staff_backup_codes: { staff: 'hashes of their codes' },
  staff_sessions: { staff: 'their sign-ins', clear: { 'worth nothing without the cookie, which is hashed': 'csrf_token' } },
}
