import { randomUUID } from 'node:crypto';
import { AccessCookie } from '../access/access-cookie.js';
import { Authenticator } from '../access/authenticator.js';
import type { Call } from '../access/call.js';
import { readCredentials, type Sent } from '../access/credentials.js';
import { isDenial } from '../access/denial.js';
import { MasterTokens } from '../access/master-tokens.js';
import { Observation } from '../access/observation.js';
import { PathRules } from '../access/paths/path-rules.js';
import { PublicPaths } from '../access/paths/public-paths.js';
import { configuredRequirement, explainRequest } from '../access/request-explanation.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import type { ExplainedStep } from '../tokens/token-explanation.js';
import type { SentRequest } from './sent-request.js';
import type { TokenTools } from './token-tools.js';

/** What is decided about a request by the configuration, in order. Decorators are the application's, and not seen. */
export async function explainSentRequest(
  request: SentRequest,
  config: FastauthConfig,
  { clock, service, explainer }: TokenTools,
): Promise<readonly ExplainedStep[]> {
  const explainers = {
    config,
    rules: new PathRules({ master: config.masterTokenPaths, access: config.accessTokenPaths }),
    publicPaths: new PublicPaths(config.publicPaths),
    masterTokens: new MasterTokens(config, clock),
    tokens: explainer,
  };
  const sent = readCredentials(request, [], AccessCookie.of(config)?.ofRequest);
  const requirement = configuredRequirement(request, explainers);
  const limiter = new AttemptLimiter(config, clock, new FastauthEvents());
  const authenticator = new Authenticator(service, explainers.masterTokens, limiter, clock);
  const outcome = requirement.isOpen
    ? undefined
    : await authenticator.authenticate(requirement, callOf(request, sent), undefined);
  const denial = outcome && isDenial(outcome) ? outcome : undefined;
  const observation = new Observation(config, clock);
  const observedUntil = denial && observation.passes(denial, requirement) ? observation.until : undefined;
  return explainRequest(request, sent, { denial, requirement: undefined, observedUntil }, explainers);
}

function callOf({ method, target, headers }: SentRequest, sent: Sent): Call {
  return {
    transport: 'http',
    carrier: {},
    sent,
    from: { headers },
    line: { method, url: target },
    correlationId: randomUUID(),
    connection: undefined,
  };
}
