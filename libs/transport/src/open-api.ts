import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
  type StandardSchemaConverter,
} from '@nestjs/swagger';
import { z } from 'zod';
import { type ErrorForm, ProblemFilter } from './problem-filter.ts';

/** What a service's REST documents are called, and how it answers errors. */
export interface ApiDescription {
  readonly title: string;
  readonly description: string;
  readonly errors?: { formOf(path: string): ErrorForm };
}

/** The OpenAPI 3.1 document of every REST route of an application, from the same zod schemas that check requests. */
export function openApiOf(
  app: NestFastifyApplication,
  { title, description, errors = new ProblemFilter() }: ApiDescription,
): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle(title)
    .setDescription(description)
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth()
    .build();
  const document = SwaggerModule.createDocument(app, config, { standardSchemaConverter: converted });
  for (const [path, ways] of Object.entries(document.paths)) {
    const form = errors.formOf(path);
    document.components = {
      ...document.components,
      schemas: {
        ...document.components?.schemas,
        [form.name]: jsonSchemaOf(form.schema, 'output').schema as Schema,
      },
    };
    for (const way of Object.values(ways) as unknown[]) if (isOperation(way)) addErrors(way, form);
  }
  return document;
}

type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

/** The part of an operation's description that says how it may answer. */
interface Operation {
  responses: Record<string, object>;
}

const isOperation = (part: unknown): part is Operation =>
  typeof part === 'object' && part !== null && 'responses' in part;

/** Every route may refuse what it is sent, or fail; in which form, is said once for both. */
function addErrors(operation: Operation, { name, contentType }: ErrorForm): void {
  const content = { [contentType]: { schema: { $ref: `#/components/schemas/${name}` } } };
  operation.responses = {
    '4XX': { description: 'Refused: the code says why.', content },
    '5XX': { description: 'It failed here, or at a part of the service that does not answer.', content },
    ...operation.responses,
  };
}

/** Serves the document at `/docs`, and as JSON at `/docs-json`. */
export function serveOpenApi(app: NestFastifyApplication, description: ApiDescription): void {
  SwaggerModule.setup('docs', app, () => openApiOf(app, description));
}

/** Nest's own conversion does not give a valid 3.1 document for zod. */
const converted: StandardSchemaConverter = (schema, { schemaType }) =>
  schema instanceof z.ZodType ? jsonSchemaOf(schema, schemaType) : undefined;

function jsonSchemaOf(from: z.ZodType, io: 'input' | 'output') {
  const {
    $schema: _dialect,
    $defs,
    ...schema
  } = z.toJSONSchema(from, {
    io,
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return { schema, ...($defs === undefined ? {} : { components: $defs }) };
}
