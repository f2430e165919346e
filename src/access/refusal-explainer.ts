import { Inject, Injectable, Optional } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { isProduction } from '../config/production.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import type { Principal } from '../tokens/principal.js';
import { TokenExplainer } from '../tokens/token-explainer.js';
import { explanationLines } from '../tokens/token-explanation.js';
import { EXPLAIN } from '../wire/credential-names.js';
import type { Call } from './call.js';
import { isRepeated } from './credentials.js';
import type { Denial } from './denial.js';
import { MasterTokens } from './master-tokens.js';
import { PathRules } from './paths/path-rules.js';
import { PublicPaths } from './paths/public-paths.js';
import type { RawRequest } from './request-access.js';
import { explainRequest } from './request-explanation.js';
import type { Requirement } from './requirement.js';

/** Adds to refusals over HTTP why, for whoever sends a master token in `X-Fastauth-Explain`. Never in production. */
@Injectable()
export class RefusalExplainer {
  readonly isOn = !isProduction();

  constructor(
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
    private readonly rules: PathRules,
    private readonly publicPaths: PublicPaths,
    private readonly masterTokens: MasterTokens,
    private readonly limiter: AttemptLimiter,
    // Not where tokens are of others.
    @Optional() private readonly tokens?: TokenExplainer,
  ) {}

  /**
   * Whoever may read why a call is refused. A wrong master token counts as one does anywhere, and who sent too many is
   * not heard: it must not be cheaper to guess here.
   */
  readerOf({ status }: Denial, call: Call): Principal | undefined {
    if (call.transport !== 'http' || (status !== 401 && status !== 403)) return undefined;
    const request = call.carrier as RawRequest;
    const token = request.headers[EXPLAIN];
    if (typeof token !== 'string' || token === '' || isRepeated(request, EXPLAIN)) return undefined;
    if (this.limiter.waitOf('master', call.from) !== undefined) return undefined;
    const reader = this.masterTokens.principalOf(token);
    if (!reader) this.limiter.failed('master', call.from);
    return reader;
  }

  /** The denial and why, in order. What cannot be explained is refused all the same. */
  async explain(denial: Denial, call: Call, requirement: Requirement): Promise<Denial> {
    const { headers, method = 'GET', url = '/', originalUrl: target = url } = call.carrier as RawRequest;
    try {
      const { config, rules, publicPaths, masterTokens, tokens } = this;
      const explainers = { config, rules, publicPaths, masterTokens, tokens };
      const request = { method, target, headers };
      const steps = await explainRequest(request, call.sent, { denial, requirement }, explainers);
      return { ...denial, explanation: explanationLines(steps) };
    } catch {
      return denial;
    }
  }
}
