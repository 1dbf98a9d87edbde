"""The official Python client against a running gateway: prints what it got as JSON. Arguments: base URL, key."""

import json
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key=sys.argv[2])
hello = [{"role": "user", "content": "usage=100/10 hello"}]
seen = {}

whole = client.chat.completions.create(model="gpt-5.5", messages=hello, max_completion_tokens=100)
seen["whole"] = {"text": whole.choices[0].message.content, "cost": whole.usage.cost}

chunks = list(
    client.chat.completions.create(
        model="gpt-5.5",
        messages=hello,
        max_completion_tokens=100,
        stream=True,
        stream_options={"include_usage": True},
    )
)
seen["stream"] = {
    "text": "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices),
    "cost": chunks[-1].usage.cost,
}

response = client.responses.create(model="gpt-5.5", input="usage=100/10 hello", max_output_tokens=100)
seen["response"] = {"text": response.output_text, "cost": response.usage.cost}
with client.responses.stream(model="gpt-5.5", input="usage=100/10 hello", max_output_tokens=100) as stream:
    for _ in stream:
        pass
    final = stream.get_final_response()
seen["response_stream"] = {"text": final.output_text, "cost": final.usage.cost}

weather = {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
called = client.chat.completions.create(
    model="gpt-5.5",
    messages=[{"role": "user", "content": "usage=100/10 tool"}],
    max_completion_tokens=100,
    tools=[{"type": "function", "function": weather}],
)
function = called.choices[0].message.tool_calls[0].function
seen["tool"] = {"name": function.name, "arguments": function.arguments}

vectors = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
seen["embeddings"] = {"count": len(vectors.data)}
seen["images"] = {"count": len(client.images.generate(model="midjourney", prompt="A lantern.").data)}
seen["models"] = [model.id for model in client.models.list()]


def failing(call):
    try:
        call()
    except openai.APIError as error:
        return {"class": type(error).__name__, "code": error.code}
    return None


seen["not_found"] = failing(lambda: client.models.retrieve("gpt-4-32k"))
seen["bad_key"] = failing(lambda: openai.OpenAI(base_url=sys.argv[1], api_key="sk-wrong").models.list())


def cut_stream():
    request = [{"role": "user", "content": "cut"}]
    for _ in client.chat.completions.create(model="gpt-5.5", messages=request, max_completion_tokens=100, stream=True):
        pass


seen["cut"] = failing(cut_stream)
print(json.dumps(seen, ensure_ascii=False))
