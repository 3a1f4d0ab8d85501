import { and, desc, eq, gt, isNull, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { readAddress } from './addresses.ts'
import type { EmailView } from './contract.ts'
import { emailAddresses, emailChallenges } from './tables.ts'

/** Whether a code would arrive: mail is configured, and staff have not closed it. */
export function canMail({ gateways, settings }: Pick<Ctx, 'gateways' | 'settings'>): boolean {
  return gateways.mail.enabled && !settings.get('emailsClosed')
}

/** A person's own address, and the one that they are about to prove. */
export async function findEmail(ctx: Ctx, userId: string): Promise<EmailView> {
  const [[own], [pending]] = await Promise.all([
    ctx.sql.select().from(emailAddresses).where(eq(emailAddresses.userId, userId)),
    ctx.sql.select().from(emailChallenges).where(and(
      eq(emailChallenges.userId, userId), isNull(emailChallenges.consumedAt), isNull(emailChallenges.supersededAt), gt(emailChallenges.expiresAt, sql`app_now()`),
    )).orderBy(desc(emailChallenges.createdAt)).limit(1),
  ])
  return {
    isAvailable: canMail(ctx),
    email: own ? { address: readAddress(ctx.env, own.addressEncrypted), provenAt: own.provenAt.toISOString(), isUndeliverable: own.undeliverableAt !== null } : null,
    pending: pending ? {
      address: readAddress(ctx.env, pending.addressEncrypted), expiresAt: pending.expiresAt.toISOString(), resendAt: pending.resendAt.toISOString(), isUndeliverable: pending.undeliverableAt !== null,
    } : null,
  }
}
