// A real OpenID provider for tests: npm's oidc-provider with keys, accounts and pages of our own. The environment variable OP holds its settings:
// {module, key, issuer, algorithm, inToken, callback, back, client, secret, accounts: {id: {claims}}}. inToken puts all claims into the ID token.
import { createServer } from 'node:http';

const op = JSON.parse(process.env.OP);
const { Provider } = await import(op.module);

const provider = new Provider(op.issuer, {
  clients: [{
    client_id: op.client, client_secret: op.secret, redirect_uris: [op.callback], post_logout_redirect_uris: [op.back],
    response_types: ['code'], grant_types: ['authorization_code'], id_token_signed_response_alg: op.algorithm,
  }],
  jwks: { keys: [op.key] },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'RS512'] },
  pkce: { required: () => true },
  conformIdTokenClaims: !op.inToken,
  claims: { openid: ['sub'], profile: ['name', 'organization'], email: ['email', 'email_verified'] },
  findAccount: (_, id) => op.accounts[id] && { accountId: id, claims: () => ({ sub: id, ...op.accounts[id] }) },
  cookies: { keys: ['only a test'] },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      logoutSource: (ctx, form) => { ctx.body = page('Sign out here too?', form + '<button id="yes" form="op.logoutForm" name="logout" value="yes">Yes</button>'); },
    },
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  renderError: (ctx, out) => { ctx.type = 'html'; ctx.body = page('The provider refuses', `<p>${out.error}: ${out.error_description}</p>`); },
});

const page = (title, body) => `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>${title}</title><h1>${title}</h1>${body}`;
const button = (action, name, value) => `<form method="post" action="${action}"><button id="${value}" name="${name}" value="${value}">${value}</button></form>`;

async function form(request) {
  let text = '';
  for await (const piece of request) text += piece;
  return new URLSearchParams(text);
}

async function agree({ prompt, params, session, grantId }) {
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope.join(' '));
  if (prompt.details.missingOIDCClaims) grant.addOIDCClaims(prompt.details.missingOIDCClaims);
  return { consent: { grantId: await grant.save() } };
}

// The account page has a button for each account, the consent page one to agree and one to deny.
async function interact(request, response) {
  const at = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    const choices = at.prompt.name === 'login' ? Object.keys(op.accounts).map((id) => button(request.url, 'account', id)) : [button(request.url, 'decision', 'agree'), button(request.url, 'decision', 'deny')];
    response.setHeader('Content-Type', 'text/html');
    response.end(page(at.prompt.name === 'login' ? 'Who are you?' : 'May GAS know you?', choices.join('')));
    return;
  }
  const sent = await form(request);
  let result = { error: 'access_denied', error_description: 'the person said no' };
  if (sent.get('account')) result = { login: { accountId: sent.get('account') } };
  else if (sent.get('decision') === 'agree') result = await agree(at);
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: at.prompt.name !== 'login' });
}

const rest = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return rest(request, response);
  interact(request, response).catch((error) => { response.statusCode = 500; response.end(String(error)); });
}).listen(new URL(op.issuer).port, '127.0.0.1');
