"use strict";

SwaggerUIBundle({
  // This Swagger UI does not know OpenAPI 3.1.
  url: "../openapi-3.0.json",
  dom_id: "#document",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  // It would ask another host.
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
