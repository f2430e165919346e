import type { IncomingHttpHeaders } from 'node:http';
import type { FastauthConfig } from '../config/fastauth-config.js';
import type { ExplainedStep } from '../tokens/token-explanation.js';
import { AMBIGUOUS, type Sent } from './credentials.js';
import type { Denial } from './denial.js';
import type { MasterTokens } from './master-tokens.js';
import { describeRule } from './paths/compiled-rules.js';
import type { PathRules } from './paths/path-rules.js';
import type { PublicPaths } from './paths/public-paths.js';
import { ACCESS, MASTER, NONE, type Requirement } from './requirement.js';

const DEFAULTS = { public: NONE, access: ACCESS, master: MASTER } as const;

export interface ExplainedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/** By what a request is explained. */
export interface RequestExplainers {
  readonly config: FastauthConfig;
  readonly rules: PathRules;
  readonly publicPaths: PublicPaths;
  readonly masterTokens: MasterTokens;
  /** Undefined where tokens are of others. */
  readonly tokens: { explain(token: string, type: 'access'): Promise<readonly ExplainedStep[]> } | undefined;
}

export interface RequestDecision {
  /** What it is refused with; undefined where it is let in. */
  readonly denial: Denial | undefined;
  /** What it was asked for; undefined where decorators are not known. */
  readonly requirement: Requirement | undefined;
  /** Until when it passes all the same, in epoch seconds, since refusals are only observed. */
  readonly observedUntil?: number | undefined;
}

/**
 * What is decided about a request, in order.
 * @param sent the credentials that it brought
 */
export async function explainRequest(
  request: ExplainedRequest,
  sent: Sent,
  { requirement, ...decision }: RequestDecision,
  { tokens, masterTokens, ...configured }: RequestExplainers,
): Promise<readonly ExplainedStep[]> {
  const steps: ExplainedStep[] = [credentialStep(sent, request, configured.config, decision)];
  if (typeof sent !== 'symbol') {
    if (sent.masterToken !== undefined) steps.push(masterStep(sent.masterToken, masterTokens));
    if (sent.accessToken !== undefined && tokens) {
      steps.push(...(await tokens.explain(sent.accessToken, 'access')));
    }
  }
  return [...steps, requirementStep(request, requirement, configured), verdictOf(decision)];
}

type Configured = Pick<RequestExplainers, 'config' | 'rules' | 'publicPaths'>;

/** What the configuration asks a request for; nothing at endpoints of ours, which ask for themselves. */
export function configuredRequirement(request: ExplainedRequest, configured: Configured): Requirement {
  return isOwn(request, configured.config) ? NONE : byConfiguration(request, configured);
}

function byConfiguration(
  { method, target }: ExplainedRequest,
  { config, rules, publicPaths }: Configured,
): Requirement {
  const byDefault = publicPaths.opens(target) ? NONE : DEFAULTS[config.defaultAccess];
  return rules.requirementForTarget(target, method).and(byDefault);
}

function isOwn({ target }: ExplainedRequest, { authPrefix }: FastauthConfig): boolean {
  const path = pathOf(target);
  return path === authPrefix || path.startsWith(`${authPrefix}/`);
}

function pathOf(target: string): string {
  return target.split('?')[0] ?? target;
}

function credentialStep(
  sent: Sent,
  { headers }: ExplainedRequest,
  { accessTokenCookie }: FastauthConfig,
  { denial }: Omit<RequestDecision, 'requirement'>,
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
  if (found.length > 0) return { step, isPassed: true, text: found.join(', ') };
  if (!denial) return { step, isPassed: true, text: 'none was sent; the configuration asks for none' };
  const remedy = 'Send ACCESS-TOKEN, Authorization: Bearer, or MASTER-TOKEN.';
  return { step, isPassed: false, text: 'none was sent', remedy };
}

function placeOf(headers: ExplainedRequest['headers'], cookie: string | undefined): string {
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

function requirementStep(
  request: ExplainedRequest,
  asked: Requirement | undefined,
  configured: Configured,
): ExplainedStep {
  const { config, rules, publicPaths } = configured;
  const { method, target } = request;
  const byDefault = publicPaths.opens(target) || config.defaultAccess === 'public' ? [] : ['default-access'];
  const ofRules = rules.rulesForPattern(pathOf(target), method).map(describeRule);
  const ofConfiguration = byConfiguration(request, configured).describe();
  const isAsConfigured = asked === undefined || asked.describe() === ofConfiguration;
  const origins = new Set([
    ...ofRules.map((rule) => `path rule ${rule}`),
    ...byDefault,
    ...(isAsConfigured ? [] : ['its handler']),
  ]);
  const rest = isOwn(request, config)
    ? 'but endpoints of fastauth ask what they ask'
    : 'decorators of the handler come on top ("fastauth routes --app" lists them)';
  const text = [
    asked?.describe() ?? ofConfiguration,
    ...(origins.size === 0 ? [] : [`by ${[...origins].join(' and ')}`]),
    ...(isAsConfigured ? [rest] : []),
  ].join(', ');
  return { step: 'requirement', isPassed: true, text };
}

function verdictOf({ denial, observedUntil }: Omit<RequestDecision, 'requirement'>): ExplainedStep {
  const step = 'verdict';
  if (!denial) return { step, isPassed: true, text: 'let in, as far as the configuration decides' };
  const { status, code, detail, hint } = denial;
  const refusal = `${status} ${code}: ${detail}`;
  if (observedUntil === undefined) return { step, isPassed: false, text: refusal, remedy: hint };
  const date = new Date(observedUntil * 1000).toISOString();
  return {
    step,
    isPassed: true,
    text: `let in until ${date}, since enforcement is "observe"; then ${refusal}`,
  };
}
