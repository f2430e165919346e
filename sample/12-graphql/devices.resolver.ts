import {
  Args,
  Field,
  Mutation,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { AccessOnly, CurrentPrincipal, type Principal, Public, Scopes } from 'nestjs-fastauth';
import { setTimeout as sleep } from 'node:timers/promises';

@ObjectType()
export class Device {
  @Field(() => String)
  readonly name!: string;
}

/** Everything needs an access token, but what says otherwise. */
@AccessOnly()
@Resolver(() => Device)
export class DevicesResolver {
  @Public()
  @Query(() => String)
  version(): string {
    return '1.0';
  }

  @Query(() => String, { nullable: true })
  me(@CurrentPrincipal() principal: Principal): string {
    return principal.clientId ?? '';
  }

  @Query(() => Device, { nullable: true })
  device(): Device {
    return { name: 'lamp' };
  }

  /** Refused alone: the rest of the device is answered. */
  @Scopes('devices:secrets')
  @ResolveField(() => String, { nullable: true })
  secret(): string {
    return 'of the lamp';
  }

  @Scopes('devices:write')
  @Mutation(() => String, { nullable: true })
  rename(@Args('name', { type: () => String }) name: string): string {
    return name;
  }

  /** Ends within a second of its token. */
  @Subscription(() => Number)
  async *ticks(): AsyncGenerator<{ ticks: number }> {
    for (let tick = 1; ; tick++) {
      yield { ticks: tick };
      await sleep(200);
    }
  }
}
