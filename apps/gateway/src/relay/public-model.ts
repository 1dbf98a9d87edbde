const modelField = /"model"\s*:\s*"(?:[^"\\]|\\.)*"/g;

/**
 * The text of an event with the model's public name in it, whatever the provider calls it. What a model says is inside
 * JSON texts, where quotes are escaped, and is never touched.
 */
export function withPublicModel(text: string, model: string): string {
  return text.replace(modelField, () => `"model":${JSON.stringify(model)}`);
}
