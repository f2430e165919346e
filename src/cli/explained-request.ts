import { randomUUID } from 'node:crypto';
import { AccessCookie } from '../access/access-cookie.js';
import { Authenticator } from '../access/authenticator.js';
import type { Call } from '../access/call.js';
import { AMBIGUOUS, readCredentials, type Sent } from '../access/credentials.js';
import { isDenial } from '../access/denial.js';
import { MasterTokens } from '../access/master-tokens.js';
import { describeRule } from '../access/paths/compiled-rules.js';
import { PathRules } from '../access/paths/path-rules.js';
import { PublicPaths } from '../access/paths/public-paths.js';
import { ACCESS, MASTER, NONE, type Requirement } from '../access/requirement.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import { type ExplainedStep, explainToken } from '../tokens/token-explanation.js';
import type { SentRequest } from './sent-request.js';
import type { TokenTools } from './token-tools.js';

const DEFAULTS = { public: NONE, access: ACCESS, master: MASTER } as const;

/** What is decided about a request by the configuration, in order. Decorators are the application's, and not seen. */
export async function explainRequest(
  request: SentRequest,
  config: FastauthConfig,
  tools: TokenTools,
): Promise<readonly ExplainedStep[]> {
  const { clock, service, store, verifier } = tools;
  const masterTokens = new MasterTokens(config, clock);
  const sent = readCredentials(request, [], AccessCookie.of(config)?.ofRequest);
  const { requirement, step } = requirementOf(request, config);
  const steps: ExplainedStep[] = [credentialStep(sent, request, config)];
  if (typeof sent !== 'symbol') {
    if (sent.masterToken !== undefined) steps.push(masterStep(sent.masterToken, masterTokens));
    if (sent.accessToken !== undefined) {
      const now = clock.now() / 1000;
      steps.push(...(await explainToken(sent.accessToken, 'access', { verifier, store, config, now })));
    }
  }
  const limiter = new AttemptLimiter(config, clock, new FastauthEvents());
  const authenticator = new Authenticator(service, masterTokens, limiter, clock);
  const outcome = requirement.isOpen
    ? undefined
    : await authenticator.authenticate(requirement, callOf(request, sent), undefined);
  return [...steps, step, verdictOf(outcome && isDenial(outcome) ? outcome : undefined)];
}

function credentialStep(
  sent: Sent,
  { headers }: SentRequest,
  { accessTokenCookie }: FastauthConfig,
): ExplainedStep {
  const step = 'credential';
  if (typeof sent === 'symbol') {
    return sent === AMBIGUOUS
      ? {
          step,
          isPassed: false,
          text: 'one credential was sent twice, or an access token in two ways',
          remedy: 'Send it once.',
        }
      : {
          step,
          isPassed: false,
          text: 'the cookie came from a page of another origin',
          remedy: 'List the origin in cookie-origins if its pages may do this.',
        };
  }
  const found = [
    ...(sent.masterToken === undefined ? [] : ['a master token in MASTER-TOKEN']),
    ...(sent.accessToken === undefined ? [] : [`an access token in ${placeOf(headers, accessTokenCookie)}`]),
  ];
  if (sent.lacksBearer) {
    const remedy = 'Write "Authorization: Bearer <access token>".';
    return { step, isPassed: false, text: 'Authorization lacks the word Bearer', remedy };
  }
  return found.length > 0
    ? { step, isPassed: true, text: found.join(', ') }
    : {
        step,
        isPassed: false,
        text: 'none was sent',
        remedy: 'Send ACCESS-TOKEN, Authorization: Bearer, or MASTER-TOKEN.',
      };
}

function placeOf(headers: SentRequest['headers'], cookie: string | undefined): string {
  if (headers['access-token']) return 'ACCESS-TOKEN';
  return /^bearer /i.test(headers.authorization ?? '') ? 'Authorization' : `the cookie ${cookie ?? ''}`;
}

function masterStep(token: string, masterTokens: MasterTokens): ExplainedStep {
  const master = masterTokens.principalOf(token);
  return master
    ? { step: 'master token', isPassed: true, text: `it is ${JSON.stringify(master.masterTokenName)}` }
    : {
        step: 'master token',
        isPassed: false,
        text: 'it is none of the configuration, or has expired',
        remedy:
          'Compare it with master-token or master-tokens; "fastauth config check" tells where they come from.',
      };
}

function requirementOf(
  { method, target }: SentRequest,
  config: FastauthConfig,
): { readonly requirement: Requirement; readonly step: ExplainedStep } {
  const rules = new PathRules({ master: config.masterTokenPaths, access: config.accessTokenPaths });
  const ofRules = rules.requirementForTarget(target, method);
  const [path = target] = target.split('?');
  const isOpened = new PublicPaths(config.publicPaths).opens(target);
  const byDefault = isOpened ? NONE : DEFAULTS[config.defaultAccess];
  const origins = [
    ...rules.rulesForPattern(path, method).map((rule) => `path rule ${describeRule(rule)}`),
    ...(byDefault.isOpen ? [] : ['default-access']),
  ];
  const requirement = ofRules.and(byDefault);
  const isOwn = path === config.authPrefix || path.startsWith(`${config.authPrefix}/`);
  const text = [
    requirement.describe(),
    ...(origins.length === 0 ? [] : [`by ${[...new Set(origins)].join(' and ')}`]),
    isOwn
      ? 'but endpoints of fastauth ask what they ask'
      : 'decorators of the handler come on top ("fastauth routes --app" lists them)',
  ].join(', ');
  return { requirement: isOwn ? NONE : requirement, step: { step: 'requirement', isPassed: true, text } };
}

function verdictOf(
  denial: { status: number; code: string; detail: string; hint?: string } | undefined,
): ExplainedStep {
  if (!denial)
    return { step: 'verdict', isPassed: true, text: 'let in, as far as the configuration decides' };
  const { status, code, detail, hint } = denial;
  return { step: 'verdict', isPassed: false, text: `${status} ${code}: ${detail}`, remedy: hint };
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
