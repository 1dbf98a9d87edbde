import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
  type StandardSchemaConverter,
} from '@nestjs/swagger';
import { z } from 'zod';

/** What a service's REST documents are called. */
export interface ApiDescription {
  readonly title: string;
  readonly description: string;
}

/** The OpenAPI 3.1 document of every REST route of an application, from the same zod schemas that check requests. */
export function openApiOf(
  app: NestFastifyApplication,
  { title, description }: ApiDescription,
): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle(title)
    .setDescription(description)
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth()
    .build();
  return SwaggerModule.createDocument(app, config, { standardSchemaConverter: converted });
}

/** Serves the document at `/docs`, and as JSON at `/docs-json`. */
export function serveOpenApi(app: NestFastifyApplication, description: ApiDescription): void {
  SwaggerModule.setup('docs', app, () => openApiOf(app, description));
}

/** Nest's own conversion does not give a valid 3.1 document for zod. */
const converted: StandardSchemaConverter = (schema, { schemaType }) => {
  if (!(schema instanceof z.ZodType)) return undefined;
  const {
    $schema: _dialect,
    $defs,
    ...rest
  } = z.toJSONSchema(schema, {
    io: schemaType,
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return {
    schema: rest,
    ...($defs === undefined ? {} : { components: $defs }),
  };
};
