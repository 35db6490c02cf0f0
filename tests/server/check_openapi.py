# Checks an OpenAPI document (argument: a file) with rules of OpenAPI 3.1; prints what is wrong.
import json
import re
import sys


def refuse(name):
    raise ValueError(name + " is no JSON")


doc = json.load(open(sys.argv[1], encoding="utf-8"), parse_constant=refuse)
wrong = []


def check(good, *what):
    if not good:
        wrong.append(" ".join(str(w) for w in what))


def refs(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


check(re.fullmatch(r"3\.1\.\d+", doc.get("openapi", "")), "openapi version", doc.get("openapi"))
check(doc["info"].get("title") and doc["info"].get("version"), "info lacks title or version")
schemas = doc["components"]["schemas"]
schemes = doc["components"]["securitySchemes"]
for ref in refs(doc):
    check(ref.startswith("#/components/schemas/") and ref.split("/")[-1] in schemas, "dangling", ref)
for requirement in doc["security"]:
    for name in requirement:
        check(name in schemes, "unknown security scheme", name)
for name, schema in schemas.items():
    check(schema.get("type") == "object", name, "is no object")
    for member in schema.get("required", []):
        check(member in schema["properties"], name, "requires unknown", member)
operation_ids = set()
for path, item in doc["paths"].items():
    check(path.startswith("/"), path, "does not begin with /")
    in_path = set(re.findall(r"{(\w+)}", path))
    for method, operation in item.items():
        where = method + " " + path
        check(method in ("get", "post", "patch"), where, "unknown method")
        check(operation.get("summary"), where, "lacks a summary")
        check(operation["operationId"] not in operation_ids, where, "operationId is not unique")
        operation_ids.add(operation["operationId"])
        parameters = operation["parameters"]
        names = [(p["in"], p["name"]) for p in parameters]
        check(len(names) == len(set(names)), where, "a parameter twice")
        check({p["name"] for p in parameters if p["in"] == "path"} == in_path, where,
              "path parameters differ from the path")
        for p in parameters:
            check(p["in"] != "path" or p["required"] is True, where, p["name"], "must be required")
            check("type" in p["schema"], where, p["name"], "lacks a type")
        check(operation["responses"], where, "lacks responses")
        for status, response in operation["responses"].items():
            check(re.fullmatch(r"[1-5]\d\d|default", status), where, "status", status)
            check(response.get("description"), where, status, "lacks a description")
        if "requestBody" in operation:
            check(operation["requestBody"]["content"], where, "body without content")
            check(method != "get", where, "a GET with a body")
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
