// A small shop for express_sessions.py: express_server.mjs HOST PORT
import { host, load, port } from './outcomes.mjs';

const express = load('express');
const session = load('express-session');
const { RedisStore } = load('connect-redis');
const { createClient } = load('redis');

const client = await createClient({ url: `redis://${host}:${port}` }).connect();
const app = express();
app.use(session({
  store: new RedisStore({ client }),
  secret: 'of a test',
  resave: false,
  saveUninitialized: false,
}));

const text = (response, value) => response.type('text/plain').send(value);

app.get('/who', (request, response) => text(response, request.session.user ?? '-'));

app.get('/login', (request, response, next) => {
  request.session.regenerate((error) => {
    if (error) return next(error);
    request.session.user = request.query.user;
    request.session.cart = [];
    text(response, request.session.user);
  });
});

app.get('/add', (request, response) => {
  request.session.cart.push(request.query.item);
  text(response, request.session.cart.join(','));
});

app.get('/cart', (request, response) => text(response, request.session.cart.join(',')));

app.get('/logout', (request, response, next) => {
  request.session.destroy((error) => (error ? next(error) : text(response, '-')));
});

// A session without a cart, because it was lost, is the application's error.
app.use((error, _request, response, _next) => response.status(500).send(error.message));

const server = app.listen(0, '127.0.0.1', () => console.log(`serving on ${server.address().port}`));
