/**
 * Identity: who somebody is. One-time codes, accounts by phone number and kind, tokens, sign-ins, profile, consents, push tokens.
 * Tables: users, number_standings, otp_challenges, sign_ins, refresh_tokens, consents, devices, device_marks, preferences.
 * Promises: every limit on codes is counted in Postgres and holds for any number of replicas; a code signs in once; no code,
 * refresh token or phone number is stored in clear; telling who calls costs no query; what is revoked is refused on every
 * replica within 5 s, with Valkey or without.
 */
export { assertMayTakePart, acceptConsent, findConsents, type Consent } from './consents.ts'
export { changeProfile } from './change-profile.ts'
export { DOCUMENTS, GENDERS, KINDS, LANGUAGES, type Gender, type Kind, type Language, type Platform, type RevokeReason, type Segment } from './contract.ts'
export { findDeviceTokens, removeDeviceTokens, type DeviceToken } from './devices.ts'
export type { LeftNumber } from './change-phone.ts'
export { ensurePerson, type StartedAfresh } from './ensure-person.ts'
export { assertStillHere, eraseIdentity, lockPerson, setErasing } from './erase-identity.ts'
export { createFazpassGateway } from './fazpass-gateway.ts'
export { findErased, findIdsOfNumbers, findPeople, findPhone, findPhones, findSamePersonPairs, findSealedPhones, type Person } from './people.ts'
export { languageOf } from './languages.ts'
export { maskName } from './mask-name.ts'
export { maskPhone, readPhone } from './phones.ts'
export { chooseDigest } from './preferences.ts'
export { withProvenNumber } from './prove-number.ts'
export { purgeDevices } from './purge-devices.ts'
export { purgeChallenges } from './purge-challenges.ts'
export { reencryptPhones } from './reencrypt-phones.ts'
export { personsToTell, type ToTell } from './reach.ts'
export { revokeSignIns, type Revoke } from './revocations.ts'
export { identityRoutes } from './routes.ts'
export { countSegment, findSegmentPart, findTimeZones, measureSegment, peopleOf, type SegmentSize } from './segments.ts'
export { findStandings, listPeople, readSought, soughtPeople, type Sought, type StandingFilter } from './search-people.ts'
export { assertNotOut, findIdsOut, findOutOf, holdNumber, isOut, setStanding, type Standing } from './standings.ts'
export { IDENTITY_TOPICS } from './topics.ts'
export { findSignIn } from './sign-ins.ts'
export { createTokenVerifier, type TokenVerifier } from './token-verifier.ts'
