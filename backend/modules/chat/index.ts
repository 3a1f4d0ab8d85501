/** Chat: conversations and their messages. Owns conversations, conversation_members, messages. */
export { openConversation, setWritableUntil } from './open-conversation.ts'
