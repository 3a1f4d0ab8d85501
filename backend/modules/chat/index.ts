/**
 * Chat: conversations of two, their messages, how far each has read. Owns conversations, conversation_members, messages,
 * message_words, message_flags.
 * Promises: an ack means committed; `seq` is dense and the same for everyone; a repeated clientId answers the first
 * `seq`; only members see a conversation, for everybody else it does not exist; after any absence `sync` fills the gap.
 * An edit or a deletion keeps the message's place and takes the next one of the conversation's changes, dense as well.
 * Read and delivered places only grow; what was not delivered in time is pushed, without its text.
 * What screening finds in a text is stored with it, in one statement, and only by those that need it.
 */
export { addSystemMessage, type SystemMessage } from './add-system-message.ts'
export { conversationCircles } from './find-circles.ts'
export { eraseMessages } from './erase-messages.ts'
export { eraseTranscripts, turnPartitions } from './erase-transcripts.ts'
export { chatFrames } from './frames.ts'
export { changeHealer } from './heal-changes.ts'
export { messageHealer } from './heal-messages.ts'
export { createReceiptHealer } from './heal-receipts.ts'
export { indexWords } from './index-words.ts'
export { openHeads, readyConversations, type ReadyConversations } from './list-conversations.ts'
export { openConversation, setMayReopen, setWritableUntil } from './open-conversation.ts'
export { findUnseen, type Unseen } from './find-unseen.ts'
export { pushUndelivered } from './push-undelivered.ts'
export { areFlagsLeft, onFlags, takeFlags, type MessageFlag } from './flags.ts'
export { findSystemNotes, readTranscript, readTranscriptPage, type SystemNote, type TranscriptLine } from './read-transcript.ts'
export { chatRoutes } from './routes.ts'
export { createSender, type Send, type Sender } from './sender.ts'
