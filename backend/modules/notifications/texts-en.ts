import type { TemplateKey } from './notices.ts'
import type { NoticeTexts } from './notice-types.ts'

export const TEXTS_EN: Readonly<Record<TemplateKey, NoticeTexts>> = {
  'offer.created': { title: 'New request', body: 'A customer is waiting. Take it now?' },
  'offer.withdrawn': { title: 'Request closed', body: 'This request is no longer waiting for you. Thanks for being ready.' },

  'session.turn': { title: 'It’s your turn', body: 'Finish the payment so that you keep your place.' },
  'session.accepted': { title: 'Your mitra is ready', body: 'Your mitra is waiting for you in the chat.' },
  'session.time_short': { title: 'Almost out of time', body: '{minutes, plural, one {# minute} other {# minutes}} left.' },
  'session.extended': { title: 'Session extended', body: '{minutes, plural, one {# minute} other {# minutes}} added.' },
  'session.extension_dropped': { title: 'Extension cancelled', body: 'No time was added. If you have paid already, the money goes to your wallet.' },
  'session.paused': { title: 'Session paused', body: 'Your mitra got disconnected. Your time is on hold.' },
  'session.resumed': { title: 'Session resumed', body: 'Your mitra is back. Your time is running again.' },
  'session.ended.time_up': { title: 'Session over', body: 'The time is up. Thank you!' },
  'session.ended.mitra_ended': { title: 'Session over', body: 'Your mitra ended the session. The time left went back to your wallet.' },
  'session.ended.pause_limit': { title: 'Session over', body: 'The session ended because your mitra didn’t come back. The time left was given back.' },
  'session.ended.staff_ended': { title: 'Session over', body: 'Our team ended the session.' },
  'session.ended.no_answer': { title: 'Session over', body: 'No mitra has answered yet. Your payment went back to your wallet.' },
  'session.ended.mitra_unavailable': { title: 'Session over', body: 'The mitra you chose isn’t available. If you have paid already, the money goes to your wallet.' },
  'session.ended.payment_unavailable': { title: 'Session over', body: 'Payments aren’t available right now. Please try again.' },
  'session.ended.queue_expired': { title: 'Session over', body: 'No mitra is free yet. Please try again.' },
  'session.ended.for_mitra': { title: 'Session over', body: 'The session has ended.' },

  'message.new': { title: 'New message', body: '{count, plural, =0 {You have a new message.} one {You have a new message.} other {# new messages are waiting for you.}}' },
  'message.new.text': { title: '{count, plural, =0 {{name}} one {{name}} other {{name} · # messages}}', body: '{text}' },

  'availability.any': { title: 'A mitra is free', body: 'You asked us to tell you: somebody is ready to listen now.' },
  'availability.named': { title: '{name} is available', body: 'You asked us to tell you: you can reach them now.' },
  'availability.chosen': { title: 'The mitra you chose is available', body: 'You asked us to tell you: you can reach them now.' },

  'status.missed_offers': { title: 'You’re offline now', body: '{count, plural, one {# request} other {# requests}} in a row went unanswered. Go online again whenever you’re ready.' },
  'status.schedule_started': { title: 'Your schedule has started', body: 'Open the app so that customers can reach you.' },
  'status.break_over': { title: 'Your break is over', body: 'Open the app so that customers can reach you.' },

  'rating.reminder': { title: 'How was your session?', body: 'Give your mitra some stars. It only takes a moment, and means a lot.' },

  'payment.paid': {
    title: 'Payment received', body: 'We received {amount} for {minutes, plural, one {# minute} other {# minutes}}. Thank you!',
    emailSubject: 'Receipt for {amount}',
    emailBody: 'Thank you, we received your payment.\n\nNumber: {number}\nTime: {at}\nFor: a session of {minutes, plural, one {# minute} other {# minutes}}\nAmount: {amount}\n\nKeep this e-mail as your receipt.',
  },
  'payment.tip_paid': {
    title: 'Tip sent', body: 'Your tip of {amount} has reached your mitra. Thank you!',
    emailSubject: 'Receipt for {amount}',
    emailBody: 'Thank you, we received your payment.\n\nNumber: {number}\nTime: {at}\nFor: a tip\nAmount: {amount}\n\nKeep this e-mail as your receipt.',
  },
  'payment.expired': { title: 'Payment not finished', body: 'The time to pay {amount} has run out. Nothing was charged; you can start again any time.' },
  'payment.to_wallet': { title: 'Payment added to your wallet', body: '{amount} came late, so we keep it in your wallet. Use it for your next session, or ask for it back.' },
  'payment.surplus': { title: 'You paid too much', body: 'You paid {amount} more than was asked. It’s in your wallet.' },

  'refund.requested': { title: 'Refund', body: 'We got your request for a refund. We’ll tell you as soon as it’s decided.' },
  'refund.approved': { title: 'Refund', body: 'We’re sending your refund to where you paid from.' },
  'refund.succeeded': { title: 'Refund', body: 'Your money went back to where you paid from.' },
  'refund.failed': { title: 'Refund', body: 'The refund failed. Your money is back where it was; our team will help.' },
  'refund.rejected': { title: 'Refund', body: 'Your request for a refund wasn’t approved.' },

  'credit.given': { title: 'You got credit', body: '{amount} of credit is in your wallet.' },
  'tip.received': { title: 'You got a tip', body: '{amount} from your customer.' },

  'payout.requested': { title: 'Payout requested', body: 'You asked for {amount} to be paid out to {bank} {number}. Wasn’t it you? Contact us right away.' },
  'payout.succeeded': { title: 'Payout sent', body: '{amount} was sent to {bank} {number}.' },
  'payout.failed': { title: 'Payout failed', body: '{amount} stays in your earnings. Check your bank account, then ask again.' },
  'payout.reversed': { title: 'Payout returned', body: '{amount} is back in your earnings. Check your bank account, then ask again.' },
  'payout.rejected': { title: 'Payout refused', body: '{amount} stays in your earnings. Any questions? Contact us.' },

  'bank_account.replaced': { title: 'Bank account changed', body: 'Your next payout goes to {bank} {number}. Wasn’t it you? Contact us.' },
  'bank_account.refused': { title: 'Bank account not found', body: 'The bank doesn’t recognise the account {bank} {number}. Enter another one so that we can pay you out.' },

  'safety.crisis_card': {
    title: 'You’re not alone', body: 'If you’re in danger, somebody is ready to help right now: {hotlines}', pushTitle: 'halobestie', pushBody: 'There is an important message for you.',
  },
  'safety.crisis_guidance': {
    title: 'Your customer may be in danger',
    body: 'Stay calm and stay with them. Ask directly whether they’re safe, don’t judge or promise to keep it secret, and point them to the help on their card. Our team has been told.',
    pushTitle: 'halobestie', pushBody: 'There is an important message about your session.',
  },
  'safety.report_closed': {
    title: 'Your report is closed', body: 'Our team looked into your report and came to a decision. Thank you for helping to keep halobestie safe.',
    pushTitle: 'halobestie', pushBody: 'There is news for you.',
  },

  'sanction.warning': { title: 'A warning from halobestie', body: 'Please follow our community guidelines.', pushTitle: 'halobestie', pushBody: 'There is an important message for you.' },
  'sanction.warning.words': { title: 'A warning from halobestie', body: '{message}', pushTitle: 'halobestie', pushBody: 'There is an important message for you.' },
  'sanction.suspended': {
    title: 'Your account is suspended', body: 'Your account is suspended until {until}. If you think that’s a mistake, you can appeal with your phone number.',
    pushTitle: 'halobestie', pushBody: 'There is an important message for you.',
  },
  'sanction.suspended.words': {
    title: 'Your account is suspended', body: '{message}\n\nThis holds until {until}. If you think that’s a mistake, you can appeal with your phone number.',
    pushTitle: 'halobestie', pushBody: 'There is an important message for you.',
  },
  'sanction.banned': {
    title: 'Your account is closed', body: 'We closed your account because our community guidelines were broken. If you think that’s a mistake, you can appeal with your phone number.',
    pushTitle: 'halobestie', pushBody: 'There is an important message for you.',
  },
  'sanction.banned.words': {
    title: 'Your account is closed', body: '{message}\n\nIf you think that’s a mistake, you can appeal with your phone number.', pushTitle: 'halobestie', pushBody: 'There is an important message for you.',
  },
  'sanction.lifted': { title: 'Sanction lifted', body: 'The sanction on your account has been lifted.', pushTitle: 'halobestie', pushBody: 'There is news for you.' },
  'appeal.upheld': { title: 'Your appeal has been decided', body: 'The sanction on your account stands.', pushTitle: 'halobestie', pushBody: 'There is news for you.' },
  'appeal.upheld.words': { title: 'Your appeal has been decided', body: '{answer}', pushTitle: 'halobestie', pushBody: 'There is news for you.' },

  'account.erasure_called_off.customer': {
    title: 'Your account isn’t deleted yet', body: 'Money came back to your wallet. Ask for it back first, or delete your account once more and give it up.',
  },
  'account.erasure_called_off.mitra': { title: 'Your account isn’t deleted yet', body: 'Some of your sessions or earnings aren’t settled yet.' },

  'security.new_sign_in': { title: 'New sign-in to your account', body: 'Your account was used on a new device at {at}. Wasn’t it you? Sign that device out now.' },
  'security.new_sign_in.named': { title: 'New sign-in to your account', body: 'Your account was used on a new device ({device}) at {at}. Wasn’t it you? Sign that device out now.', pushBody: 'Your account was used on a new device. Wasn’t it you? Sign that device out now.' },
  'security.token_reused': { title: 'One of your devices was signed out', body: 'Somebody used the access of one of your devices a second time at {at}, so we ended it. Sign in again there, and sign out any device that isn’t yours.' },
  'security.token_reused.named': { title: 'One of your devices was signed out', body: 'Somebody used the access of {device} a second time at {at}, so we ended it. Sign in again there, and sign out any device that isn’t yours.' },
  'security.phone_changed': { title: 'Your phone number was changed', body: 'Your account uses another number now. Wasn’t it you? Contact us right away.' },
  'security.number_left': {
    title: 'Your old number', body: 'Your account uses another phone number now. Wasn’t it you? Contact us: {contact}',
    sms: 'Halobestie: your account uses another phone number now. Wasn’t it you? Contact us: {contact}',
  },
  'security.email_added': { title: 'An e-mail address was added', body: 'Your account has an e-mail address now. Wasn’t it you who added it? Contact us right away.' },
  'security.email_changed': {
    title: 'Your e-mail address was changed', body: 'Your account uses another e-mail address now. Wasn’t it you? Contact us right away.',
    emailBody: 'Your halobestie account has another e-mail address now, and this one gets no more e-mail.\n\nWasn’t it you? Open the app, sign out the other devices, and contact us.',
  },
  'security.email_removed': {
    title: 'Your e-mail address was removed', body: 'Your account has no e-mail address any more. Wasn’t it you? Contact us right away.',
    emailBody: 'This address was removed from your halobestie account and gets no more e-mail.\n\nWasn’t it you? Open the app, sign out the other devices, and contact us.',
  },
  'email.proof': {
    title: 'The code for your e-mail address',
    body: 'Enter this code in the halobestie app to prove that this address is yours:\n\n{code}\n\nIt’s good for {minutes, plural, one {# minute} other {# minutes}}. Didn’t you ask for it? Ignore this e-mail: nothing happens without the code.',
  },
  'security.signed_out_everywhere': { title: 'You’re signed out everywhere', body: 'Every device was signed out of your account. Wasn’t it you? Contact us right away.' },

  'digest.listed': {
    title: '{count, plural, one {# notice you haven’t read} other {# notices you haven’t read}}',
    body: 'What came to your inbox since the last summary, and you haven’t read:\n\n{list}\n\n{more, plural, =0 {} one {and # more.} other {and # more.}}\n\nOpen the halobestie app to read them.',
  },
  'digest.counted': {
    title: '{count, plural, one {# notice you haven’t read} other {# notices you haven’t read}}',
    body: '{count, plural, one {There is # notice in your inbox that you haven’t read.} other {There are # notices in your inbox that you haven’t read.}}\n\nOpen the halobestie app to read them.',
  },

  'announcement': { title: 'News from halobestie', body: 'There is something new for you in the app.' },
}
