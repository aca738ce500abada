<?php
// A small shop for php_sessions.py, with PHP's own sessions in Redis.

session_start();
switch (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    case '/who':
        $answer = $_SESSION['user'] ?? '-';
        break;
    case '/login':
        session_regenerate_id(true);
        $answer = $_SESSION['user'] = $_GET['user'];
        $_SESSION['cart'] = [];
        break;
    case '/add':
        $_SESSION['cart'][] = $_GET['item'];
        $answer = implode(',', $_SESSION['cart']);
        break;
    case '/cart':
        $answer = implode(',', $_SESSION['cart']);
        break;
    case '/logout':
        session_unset();
        session_destroy();
        $answer = '-';
        break;
    default:
        http_response_code(404);
        $answer = 'no such page';
}
// The session is stored before the browser has its answer.
session_write_close();
header('Content-Type: text/plain');
echo $answer;
