import { describe, expect, it } from '@jest/globals';
import { Controller, Get, RequestMethod, UseGuards, Version } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import {
  addLeadingSlash,
  GUARDS_METADATA,
  HOST_METADATA,
  LegacyRouteConverter,
  METHOD_METADATA,
  PATH_METADATA,
  RoutePathFactory,
  VERSION_METADATA,
} from './nest.js';

class Guard {
  canActivate(): boolean {
    return true;
  }
}

@UseGuards(Guard)
@Controller({ path: 'things', host: 'a.example', version: '1' })
class Things {
  @Version('2') @Get('one') one() {}
}

describe('what is read from Nest', () => {
  it('is what its decorators write', () => {
    expect(Reflect.getMetadata(GUARDS_METADATA, Things)).toEqual([Guard]);
    expect(Reflect.getMetadata(PATH_METADATA, Things)).toBe('things');
    expect(Reflect.getMetadata(HOST_METADATA, Things)).toBe('a.example');
    expect(Reflect.getMetadata(VERSION_METADATA, Things)).toBe('1');
    const one: unknown = Reflect.get(Things.prototype, 'one');
    expect(Reflect.getMetadata(PATH_METADATA, one as object)).toBe('one');
    expect(Reflect.getMetadata(METHOD_METADATA, one as object)).toBe(RequestMethod.GET);
    expect(Reflect.getMetadata(VERSION_METADATA, one as object)).toBe('2');
  });

  it('makes the paths of routes as its router does', () => {
    const paths = new RoutePathFactory(new ApplicationConfig()).create({
      ctrlPath: '/things',
      methodPath: '/one',
      globalPrefix: '/api',
    });
    expect(paths).toEqual(['/api/things/one']);
    expect(addLeadingSlash('things')).toBe('/things');
    expect(LegacyRouteConverter.tryConvert('/files/*', { logs: false })).toBe('/files/{*path}');
  });
});
