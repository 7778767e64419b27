import { perform } from './tasks.mjs';

onmessage = async ({ data }) => postMessage(await perform(...data));
postMessage('ready');
